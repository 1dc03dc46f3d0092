/** The style sheet of the reference; the page names its hash, so that no other one applies. */
export const REFERENCE_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --soft: #59636e; --paper: #ffffff; --panel: #f6f8fa; --line: #d8dee4; --link: #0757b3;
  --get: #0a6640; --post: #0757b3; --put: #8a4600; --patch: #6b3fa0; --delete: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6edf3; --soft: #9aa5b1; --paper: #0e1116; --panel: #161b22; --line: #2d343d; --link: #7cb7ff;
    --get: #5fcf97; --post: #7cb7ff; --put: #f0a45d; --patch: #c6a4f5; --delete: #ff8f86;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--ink); background: var(--paper);
}
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 2px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
code, pre { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
code { overflow-wrap: anywhere; }
p code, .meaning code, summary code { background: var(--panel); border-radius: 4px; padding: 0.1em 0.3em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.75rem 1rem; overflow-x: auto; }
pre code { overflow-wrap: normal; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--paper); padding: 0.5rem; z-index: 1; }
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1rem 1rem 3rem 1.25rem;
  border-right: 1px solid var(--line); background: var(--panel); font-size: 0.875rem;
}
nav summary { cursor: pointer; font-size: 1rem; padding: 0.25rem 0; }
nav h2 { font-size: 0.75rem; font-weight: 600; color: var(--soft); margin: 1.25rem 0 0.25rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav p { margin: 0.5rem 0 0; }
nav a { display: block; padding: 0.2rem 0.4rem; margin: 0 -0.4rem; border-radius: 4px; color: inherit; text-decoration: none; }
nav li a:has(.method) { display: grid; grid-template-columns: 3.4rem 1fr; align-items: baseline; }
nav a:hover { background: var(--line); }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 6rem; max-width: 62rem; min-width: 0; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.4rem; margin: 3rem 0 0.25rem; }
h3 { font-size: 1.125rem; margin: 0 0 0.5rem; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
h4 { font-size: 0.875rem; margin: 1.25rem 0 0.25rem; color: var(--soft); }
p { margin: 0.5rem 0; max-width: 44rem; }
.operation { border-top: 1px solid var(--line); padding: 1.5rem 0 1.25rem; margin-top: 1.25rem; }
.operation:target { border-top: 2px solid var(--link); }
.call { display: flex; gap: 0.75rem; align-items: baseline; max-width: none; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.75rem; }
.call code { background: none; padding: 0; }
.method { font: 600 0.75rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .patch { color: var(--patch); } .delete { color: var(--delete); }
.access { color: var(--soft); }
.members { list-style: none; margin: 0.25rem 0; padding: 0; }
.members > li { padding: 0.4rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.members > li:first-child { border-top: 0; }
.members .members, .members .variant, .members .items { margin-left: 0.25rem; padding-left: 0.9rem; border-left: 2px solid var(--line); }
.variant .members, .items .members { margin-left: 0.25rem; padding-left: 0.9rem; border-left: 2px solid var(--line); }
.variant { margin: 0.35rem 0; color: var(--soft); } .variant > * { color: var(--ink); }
.name { font-weight: 600; }
.type, .limit { color: var(--soft); font-size: 0.875rem; }
.form { color: var(--soft); font-size: 0.8rem; }
.required { color: var(--put); font-size: 0.8rem; }
.meaning { color: var(--soft); font-size: 0.9375rem; max-width: 44rem; }
.reply { margin: 0.25rem 0; padding: 0.2rem 0; max-width: none; }
p.reply, .reply > summary { display: grid; grid-template-columns: 3rem minmax(0, 1fr); align-items: baseline; }
.reply > summary { cursor: pointer; list-style: none; }
.reply > summary::-webkit-details-marker { display: none; }
.reply > summary > span:last-child::after { content: " ▸"; color: var(--soft); }
.reply[open] > summary > span:last-child::after { content: " ▾"; }
.reply > :not(summary):not(span) { margin-left: 3rem; }
.status { font: 600 0.875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.s2 { color: var(--get); } .s4 { color: var(--put); } .s5 { color: var(--delete); }
.example { margin-top: 1rem; } .example summary { cursor: pointer; color: var(--soft); font-size: 0.875rem; width: fit-content; }
@media (min-width: 56.01rem) {
  nav details::details-content { content-visibility: visible; display: contents; }
  nav details:not([open]) > summary { list-style: none; pointer-events: none; }
}
@media (max-width: 56rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding: 0.75rem 1rem; }
  nav a { padding: 0.4rem; }
  main { padding-top: 1.25rem; }
  .reply > :not(summary):not(span) { margin-left: 0.5rem; }
}
@media print { nav, .skip { display: none; } body { display: block; } }
`;
