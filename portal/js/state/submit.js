// Sending what changes something: one idempotency key per click, kept for the repeat of one whose answer was lost.
import { ApiError, post } from "../api.js";
import { useRef, useState } from "../lib.js";

/**
 * {send(path, body), busy, error, clear}. `send` gives the answer, or null after a refusal, which is in `error`.
 * A second click while the first is on its way does nothing.
 */
export function useSubmit() {
  const [state, setState] = useState({ busy: false, error: null });
  const unanswered = useRef(null);
  const sending = useRef(false);

  async function send(path, body) {
    if (sending.current) return null;
    sending.current = true;
    setState({ busy: true, error: null });
    const request = JSON.stringify([path, body]);
    const key = unanswered.current?.request === request ? unanswered.current.key : crypto.randomUUID();
    unanswered.current = { request, key };
    try {
      const answer = await post(path, body, { key });
      unanswered.current = null;
      setState({ busy: false, error: null });
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState({ busy: false, error });
      return null;
    } finally {
      sending.current = false;
    }
  }
  return { ...state, send, clear: () => setState({ busy: false, error: null }) };
}
