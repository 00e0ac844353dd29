/** What there is before the first picture. */

import { html, type TemplateResult } from "lit-html";
import type { App } from "../app";
import { icons } from "./icons";
import { fileButton } from "./page";
import { token } from "./token";

export function welcome(app: App): TemplateResult {
  const { words, state } = app;
  return html`
    <section class="welcome">
      <h2>${words.welcome}</h2>
      <p class="private">
        ${state.engine === "server" ? words.toServer(location.host) : words.private}
      </p>
      <div class="area">
        <span class="art">${icons.picture}</span>
        <div class="choices">
          ${fileButton(app, html`${words.choose}`, "primary")}
          ${fileButton(app, html`${words.photograph}`, "quiet", true)}
        </div>
        <p class="hint">${words.orDrop}</p>
      </div>
      <button class="example" @click=${() => app.addExample()}>
        <img src=${app.exampleUrl} alt="" width="96" height="64" />
        <span>${words.example}</span>
      </button>
      ${token(app)}
    </section>
  `;
}
