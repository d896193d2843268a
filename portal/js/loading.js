// Reading from the API for a view: once, again at intervals, or page by page.
import { get } from "./api.js";
import { useEffect, useMemo, useReducer, useRef, useState } from "./lib.js";
import { Store } from "./store.js";

const SLOWEST = 30_000;
/** So many are passed over in one go; then it is for people to go on. */
const EMPTY_PAGES = 10;

/** Whether people have paused the views that refresh by themselves. */
export const paused = new Store(false);

/**
 * What `load(signal)` gives: {data, error, loading, at, reload}. Read again when `deps` change.
 * `every(data)` says after how many milliseconds to read again, 0 for never; not while paused or hidden.
 * Data stays while newer is on its way, so that focus and place are kept.
 */
export function useLoad(load, deps, every = () => 0) {
  const [state, setState] = useState({ loading: true });
  const [round, reload] = useReducer((count) => count + 1, 0);
  const isPaused = paused.use();
  const latest = useRef(null);
  latest.current = { load, every, isPaused };

  useEffect(() => {
    const abort = new AbortController();
    let timer;
    let failures = 0;
    const wait = (milliseconds) => {
      clearTimeout(timer);
      if (milliseconds > 0) timer = setTimeout(tick, milliseconds);
    };
    const tick = () => {
      if (document.hidden || latest.current.isPaused) wait(1000);
      else read();
    };
    async function read() {
      try {
        const data = await latest.current.load(abort.signal);
        if (abort.signal.aborted) return;
        failures = 0;
        setState({ data, error: null, loading: false, at: new Date() });
        wait(latest.current.every(data));
      } catch (error) {
        if (abort.signal.aborted) return;
        failures += 1;
        setState((before) => ({ ...before, error, loading: false }));
        if (isPassing(error)) wait(Math.max(backoff(failures), (error.retryAfter ?? 0) * 1000));
      }
    }
    setState((before) => ({ ...before, loading: true }));
    read();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [...deps, round]);
  return { ...state, reload: () => reload() };
}

const isPassing = (error) => error.status === 0 || error.status === 429 || error.status >= 500;
const backoff = (failures) => Math.min(SLOWEST, 2000 * 2 ** (failures - 1));

/**
 * A list, a page at a time: what `useLoad` gives, and {rows, next, previous} to turn the page, null at the ends.
 * `stamp` changes when what is listed may have. With a `limit` so many rows are read at once, as one page.
 */
export function usePages(path, query, { every = () => 0, stamp = null, limit = 0 } = {}) {
  const filter = JSON.stringify([path, query]);
  const [place, setPlace] = useState({ filter, links: [] });
  const links = place.filter === filter ? place.links : [];
  const link = links.at(-1) ?? null;
  const load = useMemo(() => {
    if (link) return (signal) => readPage(link, {}, signal);
    return (signal) => (limit ? readAll(path, query, limit, signal).then(asPage) : readPage(path, query, signal));
  }, [filter, link, limit]);
  const list = useLoad(load, [filter, link, stamp], (data) => every(data.value));
  const nextLink = list.data?.nextLink;
  return {
    ...list,
    rows: list.data?.value ?? [],
    page: links.length + 1,
    next: nextLink ? () => setPlace({ filter, links: [...links, nextLink] }) : null,
    previous: links.length ? () => setPlace({ filter, links: links.slice(0, -1) }) : null,
  };
}

/** The next page with rows: a search answers an empty one that goes on where it has looked through much in vain. */
async function readPage(path, query, signal) {
  let page = await get(path, query, signal);
  for (let empty = 1; empty < EMPTY_PAGES && !page.value.length && page.nextLink; empty += 1) {
    page = await get(page.nextLink, {}, signal);
  }
  return page;
}

const asPage = ({ values, complete }) => ({ value: values, complete });

/** All values of a list, at most `limit` of them: {values, complete}. */
export async function readAll(path, query, limit, signal) {
  const values = [];
  let page = await get(path, { pageSize: 999, ...query }, signal);
  values.push(...page.value);
  while (page.nextLink && values.length < limit) {
    page = await get(page.nextLink, {}, signal);
    values.push(...page.value);
  }
  return { values, complete: !page.nextLink };
}
