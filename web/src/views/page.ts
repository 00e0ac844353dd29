/** The whole page. */

import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { App } from "../app";
import { NAMES, type Language } from "../i18n";
import { clips } from "./clips";
import { filmstrip } from "./filmstrip";
import { icons } from "./icons";
import { panel } from "./panel";
import { stage } from "./stage";
import { welcome } from "./welcome";

export function page(app: App): TemplateResult {
  const { state, words } = app;
  const empty = state.items.length === 0;
  return html`
    <header class="bar">
      <h1 class="brand">${icons.logo} derain</h1>
      ${empty ? "" : fileButton(app, html`${icons.plus} <span class="text">${words.add}</span>`, "quiet")}
      ${languages(app)}
    </header>
    <main class=${empty ? "empty" : "work"}>
      ${empty ? welcome(app) : ""} ${stage(app)}
      ${empty ? "" : html`${filmstrip(app)} ${panel(app)}`}
    </main>
    ${clips(app)} ${message(app)}
    <p class="unseen" role="status">${state.announcement?.(words)}</p>
    <div class="drop" ?hidden=${!state.dragging}><p>${words.dropHere}</p></div>
  `;
}

/** A button that opens the browser's dialog for files, or its camera. */
export function fileButton(
  app: App,
  label: TemplateResult,
  look: "primary" | "quiet",
  camera = false,
): TemplateResult {
  const change = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    void app.add([...(input.files ?? [])]);
    input.value = ""; // so that the same file can be chosen again
  };
  return html`
    <label class="button ${look} ${camera ? "camera" : ""}">
      ${label}
      ${
        camera
          ? html`<input type="file" accept="image/*" capture="environment" @change=${change} />`
          : html`<input type="file" accept=${accepted(app)} multiple @change=${change} />`
      }
    </label>
  `;
}

const accepted = ({ state }: App): string =>
  `image/*,.heic,.tif${state.engine === "server" && state.server?.clips ? ",video/*,.mkv" : ""}`;

function message(app: App): TemplateResult | typeof nothing {
  const { words, state } = app;
  if (!state.message) return nothing;
  return html`
    <div class="message">
      <p role="alert">${state.message(words)}</p>
      <button
        aria-label=${words.close}
        @click=${() => {
          state.message = undefined;
          app.update();
        }}
      >
        ${icons.cross}
      </button>
    </div>
  `;
}

function languages(app: App): TemplateResult {
  return html`
    <select
      class="languages"
      aria-label=${app.words.language}
      .value=${live(app.state.language)}
      @change=${(event: Event) => {
        app.setLanguage((event.target as HTMLSelectElement).value as Language);
      }}
    >
      ${NAMES.map(
        ([language, name]) => html`
          <option value=${language} lang=${language} ?selected=${language === app.state.language}>
            ${name}
          </option>
        `,
      )}
    </select>
  `;
}
