/** The list of pictures. */

import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { App } from "../app";
import type { Item } from "../state";
import { refocused } from "./focus";
import { icons } from "./icons";

export function filmstrip(app: App): TemplateResult {
  return html`
    <nav class="strip" aria-label=${app.words.pictures}>
      <ul>
        ${repeat(
          app.state.items,
          (item) => item.id,
          (item) => picture(app, item),
        )}
      </ul>
    </nav>
  `;
}

function picture(app: App, item: Item): TemplateResult {
  const { state, words } = app;
  const { name } = item.file;
  const fraction = state.running?.item === item ? state.running.fraction : undefined;
  return html`
    <li data-phase=${item.phase}>
      <button
        class="thumbnail"
        title=${name}
        aria-current=${item === state.selected ? "true" : nothing}
        @click=${() => {
          app.select(item);
        }}
      >
        ${
          item.thumbnail
            ? html`<img src=${item.thumbnail} alt=${name} />`
            : html`<span class="name">${name}</span>`
        }
        <span class="mark">${mark(item)}</span>
        ${
          fraction === undefined
            ? nothing
            : html`<progress max="1" value=${fraction} aria-label=${name}></progress>`
        }
      </button>
      <button
        class="remove"
        aria-label=${words.remove(name)}
        title=${words.remove(name)}
        @click=${(event: Event) => {
          refocused(event, () => {
            app.remove(item);
          });
        }}
      >
        ${icons.cross}
      </button>
    </li>
  `;
}

function mark({ phase }: Item): TemplateResult | typeof nothing {
  if (phase === "done") return icons.tick;
  if (phase === "failed" || phase === "stopped") return icons.warning;
  return nothing;
}
