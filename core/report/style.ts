import { TASK_COLOURS } from './palette.ts'

const tasks = (theme: 'light' | 'dark') => TASK_COLOURS[theme].map((colour, i) => `--task-${i}:${colour}`).join(';')

const LIGHT = `color-scheme:light;--paper:#fff;--ground:#f6f6f3;--ink:#1b1f23;--ink-2:#555c64;--line:#dfe0db;--band:#efefeb;--accent:#0f5b70;--good:#1b6e47;--bad:#a02c2c;--plus:#1f6f9f;--minus:#c2571a;${tasks('light')}`
const DARK = `color-scheme:dark;--paper:#1c2024;--ground:#15181b;--ink:#e9eae6;--ink-2:#aab1b7;--line:#30363b;--band:#282e33;--accent:#7cc4d6;--good:#7fd0a4;--bad:#f09c94;--plus:#6db9e6;--minus:#f0955a;${tasks('dark')}`

/** The report's one style sheet: follows the system's theme, prints in ink on white. */
export const STYLE = `
:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei UI','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC',sans-serif;font-variant-numeric:tabular-nums}
main{max-width:872px;margin:32px auto;padding:44px 56px 36px;background:var(--paper);border:1px solid var(--line);border-radius:10px}
.over{display:flex;justify-content:space-between;gap:24px;margin:0 0 22px;color:var(--ink-2);font-size:13px}
.over b{color:var(--ink);font-weight:600}
h1{margin:0 0 14px;font:500 28px/1.28 'Iowan Old Style','Palatino Linotype',Palatino,Charter,Georgia,'Noto Serif','Songti SC','Noto Serif CJK SC',serif;letter-spacing:-.008em;text-wrap:balance;overflow-wrap:anywhere}
:lang(zh) h1{letter-spacing:0;line-height:1.4}
.details{margin:0 0 26px;max-width:64ch;font-size:15px;color:var(--ink)}
.details span{color:var(--ink-2)}
dl{display:grid;grid-template-columns:repeat(3,1fr);gap:4px 28px;margin:0 0 8px;padding:14px 0;border:solid var(--line);border-width:1px 0}
dt{color:var(--ink-2);font-size:12px}dd{margin:0;overflow-wrap:anywhere}
section{margin:30px 0 0}
h2{margin:0 0 2px;font-size:16px;font-weight:600;line-height:1.3}
.about{margin:0 0 12px;color:var(--ink-2);font-size:13px;max-width:80ch}
figure{margin:0}
svg{display:block;width:100%;height:auto;overflow:visible;font-size:13px}
svg text{fill:var(--ink)}
.tick,.axis{font-size:11.5px}svg .tick,svg .axis,svg .range{fill:var(--ink-2)}
.heading{font-weight:600;font-size:12.5px}
.grid{stroke:var(--line);stroke-width:1}
.zero{stroke:var(--ink-2);stroke-width:1.25}
.band{fill:var(--band)}
.interval{stroke:var(--ink-2);stroke-width:2;stroke-linecap:round}
.dot{fill:var(--paper);stroke:var(--ink-2);stroke-width:2}
.role-chosen .name,.role-chosen .value{font-weight:600}
.role-chosen .interval,.role-chosen .dot{stroke:var(--accent)}.role-chosen .dot{fill:var(--accent)}
.value{font-weight:500}
.overall .name,.overall .call{font-weight:600}
.call-helps .interval,.call-helps .dot{stroke:var(--good)}.call-helps .dot,svg .call-helps .sign,svg .call-helps .call{fill:var(--good)}
.call-hurts .interval,.call-hurts .dot{stroke:var(--bad)}.call-hurts .dot,svg .call-hurts .sign,svg .call-hurts .call{fill:var(--bad)}
svg .call-not-settled .call,svg .call-not-settled .sign{fill:var(--ink-2)}
td.call-helps{color:var(--good)}td.call-hurts{color:var(--bad)}td.call-not-settled{color:var(--ink-2)}
.network path.plus,.network path.minus{fill:none}.plus{stroke:var(--plus)}.minus{stroke:var(--minus);stroke-dasharray:6 3}
.line{fill:none;stroke-width:2}
.bar{stroke-width:1.5;opacity:.6}
.unit{fill:var(--paper);stroke:var(--ink-2);stroke-width:1.5}
.wide{overflow-x:auto}figure+.wide{margin-top:14px}
table{width:100%;border-collapse:collapse;font-size:13px}
th,td{padding:5px 14px 5px 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
th{color:var(--ink-2);font-weight:500;font-size:12px;vertical-align:bottom}
tbody th{color:var(--ink);font-weight:500;font-size:13px;vertical-align:baseline}
tr.chosen th{font-weight:600}
.number{text-align:right;white-space:nowrap}
small{display:block;font-weight:400;color:var(--ink-2);font-size:11.5px}
details{margin:12px 0 0;font-size:13px}
summary{color:var(--accent);cursor:pointer}
details .wide{margin-top:8px}
ul{margin:6px 0 0;padding:0 0 0 18px}li{margin:3px 0;overflow-wrap:anywhere}
.print dl,dl.print{grid-template-columns:max-content 1fr;gap:2px 18px;border:0;padding:0;margin:0}
code{font:12px/1.6 ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
footer{margin:30px 0 0;padding:14px 0 0;border-top:1px solid var(--line);color:var(--ink-2);font-size:12px}
@media (max-width:640px){main{margin:0;padding:24px 18px;border:0;border-radius:0}dl{grid-template-columns:1fr}h1{font-size:23px}figure{overflow-x:auto}figure svg{min-width:640px}}
@media print{:root{${LIGHT}}@page{margin:12mm}body{background:none}main{margin:0;padding:0;border:0;max-width:none;zoom:.8}.network{max-height:340px}section{margin-top:20px}section,figure,tr{break-inside:avoid}details:not([open]){display:none}}
`
