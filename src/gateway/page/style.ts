export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 62%, transparent); }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 52rem; padding: 2rem 1.25rem; font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: .95rem; margin: 2rem 0 .5rem; }
nav a { color: inherit; margin-left: .75rem; }
form { display: grid; gap: .5rem; max-width: 28rem; }
input, button { font: inherit; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; }
button { cursor: pointer; justify-self: start; }
:focus-visible { outline: 2px solid #2f6fed; outline-offset: 2px; }
p { color: var(--soft); margin: 0; font-size: .875rem; }
#problem { color: #c62828; margin-bottom: 1rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: 1px; margin: 0; border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }
dl div { padding: .75rem 1rem; box-shadow: 0 0 0 1px var(--line); }
dl .wide { grid-column: span 2; }
dt { color: var(--soft); font-size: .8125rem; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
#state::before { content: ""; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .5rem; background: #9e9e9e; }
#state.ok::before { background: #2e9e5b; }
#state.switching::before, #state.no_engine::before { background: #e0a100; }
#state.engine_unreachable::before { background: #d93838; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .5rem .75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--soft); font-size: .8125rem; font-weight: 400; }
tbody th { font-weight: 400; }
#forget { margin-top: 2rem; }
`;
