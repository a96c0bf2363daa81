/** The looks of the page. Its hash is in the page's own security policy, so it holds nothing that comes from a repository. */
export const pageStyle = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1d2327; --faint: #6b7280; --line: #8c8f94; --panel: #f6f7f7; --mark: #f0b429; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15181b; --ink: #e6e8ea; --faint: #9aa3ab; --line: #7d858c; --panel: #1f2428; }
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--ground); color: var(--ink); font: 14px/1.4 system-ui, "DejaVu Sans", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; padding: 8px 16px; background: var(--panel); border-bottom: 1px solid var(--line); }
h1 { font-size: 16px; margin: 0; }
#search { font: inherit; padding: 4px 8px; min-width: 16em; }
#found { color: var(--faint); min-width: 6em; }
ul { display: flex; flex-wrap: wrap; gap: 4px 12px; list-style: none; margin: 0; padding: 0; }
li svg { width: 12px; height: 12px; margin-right: 4px; vertical-align: -1px; }
button { font: inherit; min-width: 2.2em; padding: 3px 8px; }
nav { display: flex; gap: 4px; margin-left: auto; }
main { flex: 1; min-height: 0; position: relative; }
#graph { width: 100%; height: 100%; display: block; cursor: grab; touch-action: none; }
#graph.moving { cursor: grabbing; }
#graph text { font: 13px system-ui, "DejaVu Sans", sans-serif; text-anchor: middle; pointer-events: none; }
.version { cursor: pointer; }
.version rect { stroke: transparent; stroke-width: 3; }
.version text { fill: #fff; }
#graph .kind { font-size: 11px; opacity: .85; }
.version.absent rect { fill: var(--ground); stroke: var(--line); stroke-width: 1.5; stroke-dasharray: 5 3; }
.version.absent text { fill: var(--ink); }
.version:focus { outline: none; }
.version:focus-visible rect, .version.chosen rect { stroke: var(--ink); }
.version.hit rect { stroke: var(--mark); }
.link { fill: none; stroke: var(--line); stroke-width: 1.5; }
.link.next { stroke-dasharray: 3 4; }
.link.near { stroke: var(--ink); stroke-width: 2.5; }
.searching .version:not(.hit), .choosing .version:not(.near):not(.chosen) { opacity: .3; }
#arrow path { fill: var(--line); }
#about { position: absolute; right: 0; top: 0; bottom: 0; width: min(26em, 90%); overflow: auto; margin: 0; padding: 12px 16px; background: var(--panel); border-left: 1px solid var(--line); }
#about[hidden] { display: none; }
#about pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
.empty { padding: 24px; color: var(--faint); }
`;
