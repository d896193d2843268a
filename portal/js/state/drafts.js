// What people have entered into a form, so that they find it again when they come back from its review.
import { useState } from "../lib.js";

const drafts = new Map();

/** As useState for an object: [draft, change(changes)]. */
export function useDraft(name, initial) {
  const [draft, setDraft] = useState(() => drafts.get(name) ?? initial);
  const change = (changes) =>
    setDraft((before) => {
      const after = { ...before, ...changes };
      drafts.set(name, after);
      return after;
    });
  return [draft, change];
}

/** What was entered has been carried out. */
export const forgetDraft = (name) => drafts.delete(name);
