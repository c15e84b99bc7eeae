"""The look of the page: one style sheet, no fonts or images from anywhere."""

from typing import Final

STYLE: Final = """
:root { --ink: #1b1f24; --muted: #5b6570; --line: #d9dee3; --paper: #ffffff; --soft: #f4f6f8;
        --real: #1f6aa5; --synthetic: #d55e00; --warn: #fff4e5; --warn-line: #e0a458; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
       font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 20px; margin: 44px 0 10px; padding-top: 14px; border-top: 1px solid var(--line);
     overflow-wrap: anywhere; }
h3 { font-size: 16px; margin: 28px 0 8px; }
p { margin: 0 0 10px; max-width: 82ch; }
nav { margin: 14px 0; overflow-wrap: anywhere; }
nav a { margin-right: 16px; }
a { color: var(--real); }
.muted, figcaption, .says, caption { color: var(--muted); }
.note { background: var(--warn); border-left: 4px solid var(--warn-line); padding: 8px 14px;
        margin: 0 0 8px; max-width: none; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px;
         margin: 14px 0 18px; }
.facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.headline { font-size: 17px; }
.headline b { font-size: 24px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; padding: 0 0 6px; }
th, td { text-align: left; vertical-align: top; padding: 7px 10px;
         border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { color: var(--muted); font-weight: 600; border-bottom: 2px solid var(--line);
           position: sticky; top: 0; background: var(--paper); }
tbody th { font-weight: 600; min-width: 150px; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;
             width: 1%; }
tr.family th { background: var(--soft); color: var(--muted); font-size: 12px; letter-spacing: .04em;
               text-transform: uppercase; padding: 5px 10px; }
code { font: 12px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--muted);
       overflow-wrap: anywhere; }
tbody th code { display: block; font-weight: 400; }
td.said { min-width: 260px; width: 52%; }
td.top { background: #e9f3ea; font-weight: 600; }
.bar, .mark { display: block; height: 9px; min-width: 1px; }
.bar { background: var(--synthetic); border-radius: 2px; }
.mark { height: 15px; margin: -12px 0 -3px; border-right: 2px solid var(--ink); }
tr.fine th { font-weight: 400; } tr.fine th, tr.fine td { color: var(--muted); }
tr.fine .bar { background: #b9c0c7; }
td.bars { width: 34%; min-width: 90px; vertical-align: middle; }
.twin { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr));
        gap: 8px 36px; }
.figures { display: flex; flex-wrap: wrap; gap: 0 28px; align-items: flex-start; margin-top: 18px; }
figure { margin: 0 0 26px; max-width: 100%; }
figure .wide { border: 1px solid var(--line); }
figure img { max-width: 100%; height: auto; display: block; }
figcaption { font-size: 14px; margin: 6px 0 0; max-width: 82ch; }
details { margin: 10px 0; } summary { cursor: pointer; color: var(--real); }
@media (max-width: 620px) {
  main { padding: 16px 12px; }
  .twin { grid-template-columns: minmax(0, 1fr); }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin: 0 0 6px; }
  th, td { padding: 6px 5px; }
  tbody th { min-width: 92px; } .wide tbody th { min-width: 130px; }
  .wide table:not(.scores) code { display: none; }
  td.bars { width: 22%; min-width: 56px; }
  figure img { max-width: none; }
  /* A row of scores: its numbers in a line, below them what it says, as wide as the screen. */
  .scores tr { display: grid; grid-template-columns: minmax(0, 1fr) 62px 82px 40px;
               border-bottom: 1px solid var(--line); }
  .scores th, .scores td { border: 0; }
  .scores td.n, .scores th.n { width: auto; }
  .scores td.said { grid-column: 1 / -1; width: auto; min-width: 0; padding-top: 0; }
  .scores td.said:empty, .scores thead th.said { display: none; }
  .scores tr.family th { grid-column: 1 / -1; }
}
@media print { thead th { position: static; } details { display: none; } }
"""
