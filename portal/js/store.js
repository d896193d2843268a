import { useEffect, useReducer } from "./lib.js";

/** A value that several views share: `get`, `set(value)`, and `use` for the views that show it. */
export class Store {
  #value;
  #watchers = new Set();

  constructor(value) {
    this.#value = value;
  }

  get() {
    return this.#value;
  }

  set(value) {
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Call `watcher` after each change, until the returned function is called. */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The value, for a component, which is drawn again when it changes. */
  use() {
    const [, redraw] = useReducer((count) => count + 1, 0);
    useEffect(() => this.watch(() => redraw()), [this]);
    return this.#value;
  }
}
