/** What can be set, and the way to the file. */

import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { App } from "../app";
import { hasQuality } from "../files/formats";
import { bytes, duration } from "../i18n";
import { suffixFor, writable } from "../saving";
import type { View } from "../stage/compose";
import type { EngineName, Item } from "../state";
import { icons } from "./icons";
import { notes } from "./notes";
import { token } from "./token";

const VIEWS: readonly View[] = ["clean", "rain", "difference"];

export function panel(app: App): TemplateResult | typeof nothing {
  const item = app.state.selected;
  if (!item) return nothing;
  return html`
    <aside class="panel">
      ${summary(app, item)} ${views(app)} ${strength(app, item)} ${engine(app)} ${token(app)}
      ${saving(app, item)}
      <p class="small">
        ${app.state.engine === "server" ? app.words.toServer(location.host) : app.words.private}
      </p>
    </aside>
  `;
}

function summary({ words, state }: App, { file, phase, seconds }: Item): TemplateResult {
  const took = phase === "done" && seconds !== undefined;
  return html`
    <div class="summary">
      <h2 title=${file.name}>${file.name}</h2>
      <p>
        ${bytes(file.size, state.language)}
        ${took ? html`· ${words.doneIn(duration(seconds, state.language))}` : nothing}
      </p>
    </div>
  `;
}

function views(app: App): TemplateResult {
  const { words, state } = app;
  return html`
    <fieldset class="views">
      <legend>${words.view}</legend>
      <div class="segments">
        ${VIEWS.map(
          (view) => html`
            <label>
              <input
                type="radio"
                name="view"
                value=${view}
                .checked=${live(view === state.view)}
                @change=${() => {
                  app.setView(view);
                }}
              />
              <span>${words[view]}</span>
            </label>
          `,
        )}
      </div>
    </fieldset>
  `;
}

function strength(app: App, item: Item): TemplateResult {
  const percent = Math.round(item.strength * 100);
  return html`
    <label class="field">
      <span class="name">${app.words.strength} <output>${percent}%</output></span>
      <input
        class="strength"
        type="range"
        min="0"
        max="100"
        .value=${live(String(percent))}
        @input=${(event: Event) => {
          app.setStrength(item, (event.target as HTMLInputElement).valueAsNumber / 100);
        }}
      />
    </label>
  `;
}

/**
 * Which engine, and which model; left out where there is nothing to choose. Another one has all
 * results made anew, so that none is chosen while they are saved.
 */
function engine(app: App): TemplateResult | typeof nothing {
  const { words, state } = app;
  const { server } = state;
  if (!server) return nothing;
  const engines = { server: words.server, browser: words.browser };
  const models =
    state.engine === "server" ? server.models.map(({ name }) => name) : [app.localModel];
  const model = state.engine === "server" ? state.model : app.localModel;
  return html`
    <fieldset class="pair" ?disabled=${state.saving}>
      ${choice("engine", words.engine, engines, state.engine, (value) => {
        app.chooseEngine(value as EngineName);
      })}
      ${choice("model", words.model, named(models), model, (value) => {
        app.chooseModel(value);
      })}
    </fieldset>
    ${
      models.includes("fast") && models.includes("base")
        ? html`<p class="small">${words.modelHint}</p>`
        : nothing
    }
  `;
}

function saving(app: App, item: Item): TemplateResult {
  const { words, state } = app;
  const suffix = suffixFor(state, item);
  const finished = state.items.filter(({ phase }) => phase === "done").length;
  return html`
    <section class="saving">
      <div class="pair">
        ${choice("format", words.format, titles(writable(state)), suffix, (value) => {
          state.format = value;
          app.update();
        })}
        ${hasQuality(suffix) ? quality(app) : nothing}
      </div>
      <button
        class="button primary download"
        ?disabled=${item.phase !== "done" || state.saving}
        @click=${() => app.save(item)}
      >
        ${icons.download} ${state.saving ? words.saving : words.download}
      </button>
      ${
        finished > 1
          ? html`<button
              class="button quiet zip"
              ?disabled=${state.saving}
              @click=${() => app.saveAll()}
            >
              ${words.zip(finished)}
            </button>`
          : nothing
      }
      ${notes(app, item, suffix)}
    </section>
  `;
}

function quality(app: App): TemplateResult {
  const { words, state } = app;
  return html`
    <label class="field">
      <span class="name">${words.quality} <output>${state.quality}</output></span>
      <input
        class="quality"
        type="range"
        min="50"
        max="100"
        .value=${live(String(state.quality))}
        @input=${(event: Event) => {
          state.quality = (event.target as HTMLInputElement).valueAsNumber;
          app.update();
        }}
      />
    </label>
  `;
}

function choice(
  name: string,
  label: string,
  options: Readonly<Record<string, string>>,
  chosen: string,
  choose: (value: string) => void,
): TemplateResult {
  return html`
    <label class="field">
      <span class="name">${label}</span>
      <select
        name=${name}
        @change=${(event: Event) => {
          choose((event.target as HTMLSelectElement).value);
        }}
      >
        ${Object.entries(options).map(
          ([value, text]) => html`
            <option value=${value} ?selected=${value === chosen}>${text}</option>
          `,
        )}
      </select>
    </label>
  `;
}

const named = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, name]));

const TITLES: Readonly<Record<string, string>> = { jpg: "JPEG", webp: "WebP", tif: "TIFF" };

const titles = (suffixes: readonly string[]): Record<string, string> =>
  Object.fromEntries(suffixes.map((suffix) => [suffix, TITLES[suffix] ?? suffix.toUpperCase()]));
