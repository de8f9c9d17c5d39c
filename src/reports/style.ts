/** The look of a report: one style sheet, light and dark, for paper-like reading at any width. No fonts are loaded. */

/** Colours by meaning. Hues are kept apart in lightness too, for those who do not see hue. */
export const LIGHT = `
  --paper: #fdfcfa; --ink: #1d1f24; --soft: #575b66; --muted: #8a8e99; --line: #e4e1db; --panel: #f5f3ef;
  --policy: #1f5fbf; --demonstrated: #d9730d; --mean: #b3124f; --good: #1a7f4b; --bad: #b3261e;
  --series-1: #1f5fbf; --series-2: #d9730d; --series-3: #1a7f4b; --series-4: #8e44ad; --series-5: #b3124f;
  --series-6: #0f8b9d; --series-7: #7a6a2f;
  --floor: #f1eee8; --goal: #cfe6d3; --goal-edge: #86b892; --block: #7b8794; --block-edge: #56616d;
  --verge: #e3e8db; --road: #d3d5d9; --marking: #ffffff; --vehicle: #6b7280; --pane: rgba(255, 255, 255, 0.55);
  --crate: #a9713c; --works: #e0a21b;`;
export const DARK = `
  --paper: #16181c; --ink: #e7e6e3; --soft: #aeb1ba; --muted: #80848f; --line: #2e3138; --panel: #1e2126;
  --policy: #6ea8fe; --demonstrated: #f5a04e; --mean: #f2709c; --good: #5ecb92; --bad: #f28b82;
  --series-1: #6ea8fe; --series-2: #f5a04e; --series-3: #5ecb92; --series-4: #c79bea; --series-5: #f2709c;
  --series-6: #5ccfe0; --series-7: #cdbb72;
  --floor: #20242a; --goal: #23402f; --goal-edge: #3f7a57; --block: #8792a0; --block-edge: #aab4c0;
  --verge: #20261f; --road: #34383f; --marking: #8f949d; --vehicle: #9aa1ad; --pane: rgba(0, 0, 0, 0.45);
  --crate: #b98450; --works: #d9a336;`;

export const STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
@media print { :root { ${LIGHT} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  font-kerning: normal; text-rendering: optimizeLegibility; overflow-wrap: break-word;
}
main { max-width: 72rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
h1, h2, .lead { font-family: Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif; }
h1 { font-size: clamp(1.7rem, 1.2rem + 2vw, 2.5rem); line-height: 1.15; letter-spacing: -0.01em; font-weight: 600; margin: 0 0 0.5rem; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.25; font-weight: 600; margin: 3rem 0 0.9rem; padding-top: 0.9rem; border-top: 1px solid var(--line); }
p { margin: 0 0 0.8rem; max-width: 44rem; text-wrap: pretty; }
.lead { font-size: 1.15rem; line-height: 1.5; color: var(--soft); }
.kicker { font-size: 0.78rem; letter-spacing: 0.08em; text-transform: uppercase; color: var(--muted); margin-bottom: 0.6rem; }
ul.notes { padding-left: 1.2rem; max-width: 44rem; } ul.notes li { margin-bottom: 0.35rem; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.86em; }
pre.command { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 1rem; margin: 0 0 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.command::before { content: "$ "; color: var(--muted); }

.headline { display: flex; flex-wrap: wrap; gap: 1rem 3rem; margin: 1.8rem 0 0; padding: 0; }
.headline div { display: flex; flex-direction: column-reverse; }
.headline dt { font-size: 0.82rem; color: var(--soft); }
.headline dd { margin: 0; font-size: 1.9rem; line-height: 1.2; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
.headline small { font-size: 0.85rem; font-weight: 400; letter-spacing: 0; color: var(--soft); white-space: nowrap; }

.pictures { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 1.9rem 1.6rem; align-items: start; }
.picture { margin: 0; grid-column: span 6; min-width: 0; }
.picture.quarter { grid-column: span 3; } .picture.full { grid-column: 1 / -1; }
.picture > figcaption { margin-top: 0.55rem; font-size: 0.86rem; line-height: 1.45; color: var(--soft); max-width: 44rem; text-wrap: pretty; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; margin: 0.5rem 0 0; padding: 0; list-style: none; font-size: 0.84rem; color: var(--soft); }
.legend i { display: inline-block; width: 1.1em; height: 0.2em; border-radius: 0.1em; vertical-align: 0.27em; margin-right: 0.4em; background: var(--colour); }
svg { display: block; width: 100%; height: auto; }
.plot { fill: currentColor; font-family: inherit; overflow: visible; } .plot text { white-space: pre; }
.pictures + p, .pictures + .pictures { margin-top: 1.6rem; } p.small { font-size: 0.86rem; color: var(--soft); }
.pictures > .legend { grid-column: 1 / -1; margin: 0 0 -0.9rem; }
.wide svg { max-width: 44rem; } .full .wide svg { max-width: none; }
.narrow { display: none; } .narrow svg { max-width: 32rem; }
.strip { display: grid; grid-template-columns: repeat(var(--wide), minmax(0, 1fr)); gap: 0.5rem; }
.strip figure, .multiples figure { margin: 0; min-width: 0; }
.strip figcaption, .multiples figcaption { font-size: 0.78rem; color: var(--muted); text-align: center; margin-top: 0.2rem; font-variant-numeric: tabular-nums; }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1rem 1.25rem; }
.rest { font-size: 0.84rem; color: var(--muted); }

.scroll { overflow-x: auto; margin: 0 0 1.4rem; } .picture .scroll { margin: 0; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums lining-nums; }
th, td { text-align: right; padding: 0.34rem 0.55rem; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; font-size: 0.8rem; color: var(--soft); border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
tbody tr:last-child > * { border-bottom: 1.5px solid var(--ink); }
th.text, td.text { text-align: left; } tbody th { font-weight: 500; }
td .interval { display: inline-block; min-width: 6.1em; text-align: left; color: var(--soft); font-size: 0.86em; white-space: nowrap; margin-left: 0.6em; }
.n { color: var(--muted); font-size: 0.86em; font-weight: 400; white-space: nowrap; margin-left: 0.5em; }
.fields { columns: 19rem; column-gap: 2.5rem; margin: 0; font-size: 0.9rem; }
.fields div { display: flex; justify-content: space-between; gap: 1rem; padding: 0.28rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.fields dt { color: var(--soft); flex: none; } .fields dd { margin: 0; text-align: right; min-width: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.fields + .fields { margin-top: 1.2rem; }
footer { margin-top: 3.5rem; padding-top: 0.9rem; border-top: 1px solid var(--line); font-size: 0.82rem; color: var(--muted); }

.scene .floor { fill: var(--floor); } .scene .verge { fill: var(--verge); } .scene .road { fill: var(--road); }
.scene .goal { fill: var(--goal); stroke: var(--goal-edge); stroke-width: 2; stroke-dasharray: 7 5; stroke-linejoin: round; }
.scene .block { fill: var(--block); stroke: var(--block-edge); stroke-width: 2; stroke-linejoin: round; fill-opacity: 0.9; }
.scene .pusher, .scene .ego { fill: var(--policy); stroke: var(--paper); stroke-width: 2; stroke-linejoin: round; }
.scene .side { stroke: var(--marking); stroke-width: 2; } .scene .lane { stroke: var(--marking); stroke-width: 1.6; }
.scene .finish { fill: none; stroke: var(--good); stroke-width: 5; stroke-dasharray: 8 6; }
.scene .vehicle { fill: var(--vehicle); stroke: var(--paper); stroke-width: 1; stroke-linejoin: round; }
.scene .pane { fill: var(--pane); } .scene .motion { fill: none; stroke: var(--vehicle); stroke-width: 2; stroke-dasharray: 2 5; }
.scene .crate { fill: var(--crate); stroke: var(--paper); stroke-width: 1; } .scene .cross { fill: none; stroke: var(--paper); stroke-width: 1; opacity: 0.6; }
.scene .works { fill: var(--works); fill-opacity: 0.75; stroke: var(--works); stroke-width: 2; stroke-dasharray: 9 6; }
.scene .disc { fill: var(--crate); } .scene .travelled { opacity: 0.75; }

@media (max-width: 56rem) { .picture.quarter { grid-column: span 6; } .picture.half { grid-column: 1 / -1; } .full .wide { display: none; } .full .narrow { display: block; } }
@media (max-width: 36rem) {
  main { padding: 1.75rem 1rem 3rem; }
  .pictures { gap: 1.6rem 0.8rem; }
  .wide { display: none; } .narrow { display: block; }
  .strip { gap: 0.25rem; grid-template-columns: repeat(var(--narrow), minmax(0, 1fr)); } .full .strip { gap: 0.5rem; }
  th, td { padding-inline: 0.35rem; } td .interval { display: block; min-width: 0; margin: 0; text-align: right; } .n { display: block; margin: 0; }
  .headline { gap: 0.9rem 2rem; } .headline dd { font-size: 1.55rem; }
}
@media print { main { max-width: none; padding: 0; } .picture, tr { break-inside: avoid; } h2 { break-after: avoid; } }
`;
