/** The picture under its slider, with zoom and progress. */

import { html, nothing, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import type { App } from "../app";
import { duration } from "../i18n";
import { Stage } from "../stage/stage";
import type { Item, Running } from "../state";
import { icons } from "./icons";

const STEP = 1.5;

export function stage(app: App): TemplateResult {
  const { state, words } = app;
  const { selected, view } = state;
  return html`
    <section
      class="stage"
      ?hidden=${!selected}
      ${ref((element) => {
        attach(app, element);
      })}
    >
      <div class="frame" role="group" tabindex="0" aria-label=${words.stage}>
        <canvas class="before"></canvas>
        <canvas class="after"></canvas>
        <span class="tag left">${words.before}</span>
        <span class="tag right">${view === "clean" ? words.after : words[view]}</span>
        <span class="divider"></span>
      </div>
      <input
        class="slider"
        type="range"
        min="0"
        max="100"
        step="0.5"
        value="50"
        aria-label=${words.slider}
      />
      ${zoomBar(app)} ${selected ? status(app, selected) : nothing}
    </section>
  `;
}

function attach(app: App, root: Element | undefined): void {
  if (!(root instanceof HTMLElement) || app.stage) return;
  const frame = root.querySelector<HTMLElement>(".frame");
  const before = root.querySelector<HTMLCanvasElement>(".before");
  const after = root.querySelector<HTMLCanvasElement>(".after");
  const slider = root.querySelector<HTMLInputElement>(".slider");
  if (!frame || !before || !after || !slider) throw new Error("the stage lacks a part");
  app.stage = new Stage({ root, frame, before, after, slider }, () => {
    app.update();
  });
}

function zoomBar({ stage, words }: App): TemplateResult {
  const fitted = stage?.isFitted ?? true;
  return html`
    <div class="zoom" role="group">
      <button
        aria-label=${words.zoomOut}
        title=${words.zoomOut}
        ?disabled=${stage?.isSmallest}
        @click=${() => stage?.zoomBy(1 / STEP)}
      >
        ${icons.minus}
      </button>
      <button
        class="percent"
        aria-label=${`${stage?.percent ?? 100}%. ${fitted ? words.zoomFull : words.zoomFit}`}
        title=${fitted ? words.zoomFull : words.zoomFit}
        @click=${() => {
          if (fitted) stage?.toFull();
          else stage?.toFit();
        }}
      >
        ${stage?.percent ?? 100}%
      </button>
      <button
        aria-label=${words.zoomIn}
        title=${words.zoomIn}
        ?disabled=${stage?.isLargest}
        @click=${() => stage?.zoomBy(STEP)}
      >
        ${icons.plus}
      </button>
    </div>
  `;
}

function status(app: App, item: Item): TemplateResult | typeof nothing {
  const { state, words } = app;
  if (state.running?.item === item) return progress(app, state.running);
  if (item.phase === "waiting") return html`<div class="status">${words.waiting}</div>`;
  if (item.phase === "done") return nothing;
  return html`
    <div class="status problem" data-phase=${item.phase}>
      <span>${item.problem?.(words) ?? words.stopped}</span>
      <button
        @click=${() => {
          app.again(item);
        }}
      >
        ${words.again}
      </button>
    </div>
  `;
}

function progress(app: App, running: Running): TemplateResult {
  const { words, state } = app;
  return html`
    <div class="status">
      <span class="what">${[...told(app, running)].join(" · ")}</span>
      <button
        class="cancel"
        @click=${() => {
          app.cancel();
        }}
      >
        ${words.cancel}
      </button>
      <progress
        max="1"
        aria-label=${state.running?.item.file.name ?? ""}
        value=${running.fraction ?? nothing}
      ></progress>
    </div>
  `;
}

function* told({ words, state }: App, running: Running): Generator<string> {
  const { stage, previewed, tile, tiles, secondsLeft } = running;
  if (stage === "starting") yield words.starting;
  if (stage === "server") yield words.onServer;
  if (stage === "preview") yield words.previewing;
  if (stage === "whole" && previewed) yield words.previewed;
  if (stage === "whole") yield words.tile(tile, tiles);
  if (secondsLeft !== undefined) yield words.left(duration(secondsLeft, state.language));
}
