/** The list of clips. */

import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { App } from "../app";
import { hasEnded } from "../clips";
import { duration } from "../i18n";
import type { Clip } from "../state";
import { refocused } from "./focus";
import { icons } from "./icons";

export function clips(app: App): TemplateResult | typeof nothing {
  if (app.state.clips.length === 0) return nothing;
  return html`
    <section class="clips" aria-label=${app.words.clips}>
      <ul>
        ${repeat(
          app.state.clips,
          (clip) => clip.id,
          (clip) => row(app, clip),
        )}
      </ul>
    </section>
  `;
}

function row(app: App, clip: Clip): TemplateResult {
  const { words } = app;
  const { name, phase, fraction } = clip;
  const ended = hasEnded(clip);
  return html`
    <li data-phase=${phase}>
      <p class="name" title=${name}>${name}</p>
      <p class="how">${how(app, clip)}</p>
      ${
        ended
          ? nothing
          : html`<progress
              max="1"
              value=${fraction ?? nothing}
              aria-label=${`${name}: ${words.clipPhases[phase]}`}
            ></progress>`
      }
      ${
        clip.result === undefined
          ? nothing
          : html`<a class="button primary" href=${clip.result} download
              >${icons.download} ${words.download}</a
            >`
      }
      <button
        class="button quiet"
        @click=${(event: Event) => {
          refocused(event, () => {
            app.clips.remove(clip);
          });
        }}
      >
        ${ended ? words.removeClip : words.cancel}
      </button>
    </li>
  `;
}

function how({ words, state }: App, clip: Clip): string {
  const { phase, secondsLeft, told, problem } = clip;
  const parts = [words.clipPhases[phase]];
  if (phase === "working" && secondsLeft !== undefined) {
    parts.push(words.left(duration(secondsLeft, state.language)));
  }
  if (problem) parts.push(problem(words));
  else if (told) parts.push(told);
  return parts.join(" · ");
}
