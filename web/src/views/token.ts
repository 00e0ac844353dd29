/** Where a server that works for some people alone asks who they are. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { App } from "../app";

export function token(app: App): TemplateResult | typeof nothing {
  const { words, state } = app;
  if (!state.locked) return nothing;
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.target as HTMLFormElement).get("token");
    if (typeof given === "string") void app.unlock(given.trim());
  };
  return html`
    <form class="token" @submit=${send}>
      <label class="field">
        <span class="name">${words.token}</span>
        <input type="password" name="token" autocomplete="current-password" required />
      </label>
      <button class="button quiet" ?disabled=${state.saving}>${words.useServer}</button>
      <p class="small">${words.tokenHint}</p>
    </form>
  `;
}
