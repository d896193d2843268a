// For those whom the API does not know yet.
import { html, useState } from "../lib.js";
import { rememberPlace, session, keepKey } from "../state/session.js";
import { TextField } from "../ui/fields.js";

const SIGN_IN = "/.auth/login/aad?post_login_redirect_uri=/portal/";

export function SignInView() {
  return html`<main class="alone">
    <h1>License Management</h1>
    <p>Sign in with your work account to manage the licenses of your organization.</p>
    <p><a class="button primary" href=${SIGN_IN} onClick=${rememberPlace}>Sign in</a></p>
    <p><button type="button" class="subtle" onClick=${() => session.set({ ...session.get(), state: "key" })}>Use a function key instead</button></p>
  </main>`;
}

/** Where the app runs with function keys. The key is kept in this tab, and sent with each call. */
export function KeyView() {
  const [key, setKey] = useState("");
  const send = (event) => {
    event.preventDefault();
    if (key.trim()) keepKey(key.trim());
  };
  return html`<main class="alone">
    <h1>License Management</h1>
    <p>This app is protected by a function key. Whoever looks after the app can give you one.</p>
    <form onSubmit=${send}>
      <${TextField} id="key" label="Function key" type="password" autocomplete="off" value=${key} onInput=${setKey} hint="It is kept until you close this tab." />
      <button type="submit" class="primary">Continue</button>
    </form>
    <p><a href=${SIGN_IN} onClick=${rememberPlace}>Sign in with a work account instead</a></p>
  </main>`;
}
