/** Both themes, and paper. Colours of tenants are told apart also by those who see few colours, and by their order. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d5dae0;--soft:#f4f6f8;
--model:#2f6fde;--berth:#8a94a3;--t1:#d9822b;--t2:#2c9a5b;--t3:#9a4fc4;--t4:#c2407a;--t5:#138a94;--rest:#b3a68f;--none:#cbd0d6;
--warn:#b42318;--band:rgba(217,72,48,.22);--good:#2c9a5b}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e9ed;--dim:#9aa5b1;--line:#343a42;--soft:#1d2127;
--model:#6ea0ff;--berth:#77828f;--t1:#f0a458;--t2:#5cc98a;--t3:#c58be6;--t4:#ee7fae;--t5:#4cc3cd;--rest:#8f846f;--none:#4a515a;
--warn:#ff8a75;--band:rgba(255,120,95,.25);--good:#5cc98a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:28px 24px 40px;max-width:1000px;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:25px;line-height:1.25;margin:0 0 4px}h2{font-size:18px;margin:34px 0 8px}
p{margin:4px 0 10px}.dim,footer{color:var(--dim)}footer{margin-top:36px;border-top:1px solid var(--line);padding-top:10px;font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(168px,1fr));gap:12px;margin:20px 0 0;padding:0}
.tile{background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
.tile dt{color:var(--dim);font-size:13px;line-height:1.3}.tile dd{margin:2px 0 0;font-size:23px;font-weight:600}
.tile dd small{display:block;font-size:12px;font-weight:400;color:var(--dim);line-height:1.35}
.advice{border-left:4px solid var(--model);background:var(--soft);padding:10px 14px;margin:18px 0 0;border-radius:0 8px 8px 0}
.advice.over{border-color:var(--warn)}.advice p{margin:0}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.advice code{display:inline-block;margin-top:4px}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:11.5px;fill:var(--dim)}svg .name,svg .value{fill:var(--fg)}svg .value{font-variant-numeric:tabular-nums}
.axis line{stroke:var(--line)}.axis .tick{stroke:var(--dim)}
.area{stroke:none}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.track{fill:var(--soft);stroke:var(--line)}
.band{fill:var(--band)}.level{stroke:var(--warn);stroke-dasharray:5 4;stroke-width:1.4}.limit{stroke:var(--dim);stroke-dasharray:2 3}.note{stroke:none}.note.level{fill:var(--warn)}.note.limit{fill:var(--dim)}
.model{fill:var(--model);background:var(--model)}.berth{fill:var(--berth);background:var(--berth)}
.t1{fill:var(--t1);background:var(--t1)}.t2{fill:var(--t2);background:var(--t2)}.t3{fill:var(--t3);background:var(--t3)}
.t4{fill:var(--t4);background:var(--t4)}.t5{fill:var(--t5);background:var(--t5)}
.rest{fill:var(--rest);background:var(--rest)}.none{fill:var(--none);background:var(--none)}.free{fill:var(--good)}
.swatch.band{background:var(--band)}
.line.model{stroke:var(--model);fill:none}.line.t1{stroke:var(--t1);fill:none}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:0 0 8px;padding:0;font-size:13px}
.swatch{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px;vertical-align:-1px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px;margin:6px 0 0}
th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim);white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums}td{overflow-wrap:break-word}td small{display:block;color:var(--dim)}
details{margin:6px 0 0;font-size:13px}summary{cursor:pointer;color:var(--dim)}.empty{color:var(--dim);background:var(--soft);border-radius:8px;padding:14px}
@page{size:A4;margin:14mm}
@media print{:root{color-scheme:light;--bg:#fff;--fg:#111;--dim:#4b5560;--line:#ccd2d9;--soft:#f5f6f8;
--model:#2f6fde;--berth:#8a94a3;--t1:#d9822b;--t2:#2c9a5b;--t3:#9a4fc4;--t4:#c2407a;--t5:#138a94;--rest:#b3a68f;--none:#cbd0d6;--warn:#b42318;--band:rgba(217,72,48,.22);--good:#2c9a5b}
body{padding:0;max-width:none;font-size:11pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}details{display:none}
section.chart,.tile,.advice,tr{break-inside:avoid}h2{break-after:avoid;margin-top:20px}}
`;
