// Every change begins with a dry run, which is shown for review before anything is written.
import { useState } from "../lib.js";
import { go, to } from "../router.js";
import { useSubmit } from "../state/submit.js";

/** {busy, problem, review(body, fault)}: `fault` is what the form itself found wrong, a sentence, or null. */
export function useReview() {
  const { send, busy, error } = useSubmit();
  const [fault, setFault] = useState(null);
  const review = async (body, found) => {
    setFault(found && { message: found }); // a new object, so that the same fault takes the focus again
    if (found) return;
    const job = await send("jobs", { ...body, dryRun: true });
    if (job) go(to("impact", job.id));
  };
  return { busy, problem: fault ?? error, review };
}
