// One job, read again at the pace that the server asks for, and quickly at first, since most jobs are short.
import { getWithPace } from "../api.js";
import { isTerminal } from "../labels.js";
import { useLoad } from "../loading.js";
import { useMemo } from "../lib.js";

const AT_FIRST = 1000;
const FIRST_READS = 8;

/** As `useLoad`; `data` is the job. */
export function useJob(id) {
  const pace = useMemo(() => ({ reads: 0, retryAfter: 5 }), [id]);
  const load = async (signal) => {
    const { data, retryAfter } = await getWithPace(`jobs/${encodeURIComponent(id)}`, signal);
    pace.reads += 1;
    pace.retryAfter = retryAfter ?? 5;
    return data;
  };
  const every = (job) => {
    if (isTerminal(job)) return 0;
    return pace.reads < FIRST_READS ? AT_FIRST : pace.retryAfter * 1000;
  };
  const watched = useLoad(load, [id], every);
  return {
    ...watched,
    reload: () => {
      pace.reads = 0;
      watched.reload();
    },
  };
}
