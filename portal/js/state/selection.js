// The groups that are selected: they stay so while people turn pages, search and reload.
import { Store } from "../store.js";

const ITEM = "selectedGroups";

export const MAX_GROUPS = 500;

class Selection extends Store {
  constructor() {
    super(new Map(restored()));
  }

  set(groups) {
    super.set(groups);
    sessionStorage.setItem(ITEM, JSON.stringify([...groups.values()]));
  }

  toggle(groups, on) {
    const chosen = new Map(this.get());
    for (const { id, displayName } of groups) {
      if (on) chosen.set(id, { id, displayName });
      else chosen.delete(id);
    }
    this.set(chosen);
  }

  clear() {
    this.set(new Map());
  }
}

function restored() {
  try {
    return JSON.parse(sessionStorage.getItem(ITEM) ?? "[]").map((group) => [group.id, group]);
  } catch {
    return []; // written by hand, or by another version of this page
  }
}

export const selection = new Selection();
