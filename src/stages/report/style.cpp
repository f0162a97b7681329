#include "stages/report/page.hpp"

namespace salus::report {

namespace {

constexpr std::string_view css =
    R"(:root{--ink:#16222e;--soft:#566573;--faint:#dfe5ea;--page:#f4f6f8;--card:#fff;--line:#cdd6dd;
--c1:#1d6fa5;--c2:#c2410c;--c3:#7fa8c4;--link:#155a8a;--mark:#0f766e;
--g1:#0072b2;--g2:#d55e00;--g3:#00855f;--g4:#b0508b;--g5:#b47a00;--g6:#2f9fd6;--g7:#6b4c9a;--g8:#7a5230}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9fb0bf;--faint:#26323d;--page:#0f161d;--card:#161f28;
--line:#33424f;--c1:#58a6d6;--c2:#f59e5b;--c3:#3f7398;--link:#7cc0ec;--mark:#4fd1c0;
--g1:#4aa3df;--g2:#ff9a5c;--g3:#3fcf9f;--g4:#e58fc2;--g5:#e6b84a;--g6:#8fd3f5;--g7:#b79ae8;--g8:#c9a27e}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
overflow-wrap:break-word}
header,main{max-width:1080px;margin:0 auto;padding:0 24px}
header{padding-top:44px;padding-bottom:12px}
main{padding-bottom:64px}
.brand{margin:0 0 6px;color:var(--mark);font-weight:600;letter-spacing:.06em;text-transform:uppercase;font-size:.8rem}
h1{font-size:clamp(1.6rem,4.2vw,2.4rem);line-height:1.15;margin:0;letter-spacing:-.015em}
.lead{color:var(--soft);font-size:1.1rem;margin:.5rem 0 0}
h2{font-size:1.45rem;line-height:1.25;margin:0 0 .7rem;letter-spacing:-.01em}
h3{font-size:1.15rem;margin:1.6rem 0 .6rem}
p{margin:.5rem 0;max-width:46rem}
.quiet{color:var(--soft);font-size:.92rem}
a{color:var(--link)}
main>section{background:var(--card);border:1px solid var(--faint);border-radius:12px;padding:26px 28px;margin:18px 0}
section.trait{border-top:1px solid var(--faint);margin-top:1.8rem}
section.trait h3{font-size:1.25rem;margin-top:1.3rem}
.findings{border-left:5px solid var(--mark)!important}
.findings ol{margin:0;padding-left:1.3em}
.findings li{margin:.55rem 0;font-size:1.06rem;max-width:56rem;padding-left:.2em}
.findings li::marker{color:var(--mark);font-weight:700}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px;margin:18px 0}
.keys div{background:var(--card);border:1px solid var(--faint);border-radius:12px;padding:14px 18px;display:flex;flex-direction:column-reverse}
.keys dd{margin:0;font-size:1.7rem;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.keys dt{color:var(--soft);font-size:.9rem}
nav{margin:22px 2px}
nav h2{font-size:.8rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:0 0 .3rem}
nav>ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:6px 26px}
nav ul{list-style:none;margin:0;padding:0;font-size:.88rem}
nav a{display:inline-block;padding:3px 0;text-decoration:none;font-weight:600}
nav ul a{font-weight:400}
nav a:hover{text-decoration:underline}
.scroll{overflow-x:auto;margin:1rem 0;max-width:100%;
background:linear-gradient(90deg,var(--card) 30%,transparent) 0/36px 100% no-repeat local,linear-gradient(270deg,var(--card) 30%,transparent) 100%/36px 100% no-repeat local,
linear-gradient(90deg,var(--line),transparent) 0/9px 100% no-repeat scroll,linear-gradient(270deg,var(--line),transparent) 100%/9px 100% no-repeat scroll}
.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:0 0 .4rem;white-space:nowrap}
th,td{text-align:left;padding:.42rem .7rem;border-bottom:1px solid var(--faint);vertical-align:top;white-space:nowrap}
thead th{color:var(--soft);font-weight:600;border-bottom:1.5px solid var(--line);font-size:.86rem}
tbody th{font-weight:500}
th:first-child,td:first-child{padding-left:0}
.num{text-align:right}
.facts td{white-space:normal;overflow-wrap:anywhere;font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.8rem}
.row{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:10px 34px;align-items:start}
.row.three{grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr))}
.row>*{min-width:0}
figure{margin:1rem 0;min-width:0;break-inside:avoid}
figcaption{color:var(--soft);font-size:.88rem;line-height:1.45;margin-top:.35rem;max-width:46rem}
.chart{display:block;width:100%;height:auto;overflow:visible}
figure:not(.wide) .chart{max-width:520px}
.chart text{fill:var(--ink);font-size:13px}
.chart .tick{fill:var(--soft);font-size:12px}
.chart .name{font-weight:600}
.chart .strong{fill:var(--ink);font-weight:600}
.chart .note{font-weight:600;font-size:14px}
.chart .m{text-anchor:middle}
.chart .e{text-anchor:end}
.chart path,.chart circle{fill:none;vector-effect:non-scaling-stroke}
.chart .grid{stroke:var(--faint);stroke-width:1}
.chart .axis{stroke:var(--line);stroke-width:1.5}
.chart .reference,.chart .threshold{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:5 4}
.chart .threshold{stroke:var(--c2)}
.chart .curve{stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}
.chart .dots{stroke-width:3.2;stroke-linecap:round}
.chart .dots.c2{stroke-width:5}
.chart .bigdots{stroke-width:9;stroke-linecap:round}
.chart .whisker{stroke-width:2}
.chart .ring{stroke:var(--ink);stroke-width:1.4}
.chart .c1{stroke:var(--c1)}.chart .c2{stroke:var(--c2)}.chart .c3{stroke:var(--c3)}
.chart .g1{stroke:var(--g1)}.chart .g2{stroke:var(--g2)}.chart .g3{stroke:var(--g3)}.chart .g4{stroke:var(--g4)}
.chart .g5{stroke:var(--g5)}.chart .g6{stroke:var(--g6)}.chart .g7{stroke:var(--g7)}.chart .g8{stroke:var(--g8)}.chart .g0{stroke:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;list-style:none;padding:0;margin:.8rem 0 .2rem;font-size:.92rem}
.legend li{white-space:nowrap}.legend i{display:inline-block;width:.75em;height:.75em;border-radius:50%;margin-right:.4em}
.legend .g1{background:var(--g1)}.legend .g2{background:var(--g2)}.legend .g3{background:var(--g3)}.legend .g4{background:var(--g4)}
.legend .g5{background:var(--g5)}.legend .g6{background:var(--g6)}.legend .g7{background:var(--g7)}.legend .g8{background:var(--g8)}.legend .g0{background:var(--soft)}
.chart .bars,.chart .key,.chart .band{stroke:none}
.chart .bars.c1,.chart .key.c1,.chart .band.c1{fill:var(--c1)}
.chart .bars.c2,.chart .key.c2{fill:var(--c2)}
.chart .bars.c3,.chart .key.c3{fill:var(--c3)}
.chart .key.g2{fill:var(--g2)}.chart .key.g5{fill:var(--g5)}
.chart .over{fill-opacity:.6}
.chart .bars.soft{fill-opacity:.75}
.chart .band{fill-opacity:.14}
.terms{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.5rem 1.4rem;margin:0}
.terms dt{font-weight:600}
.terms dd{margin:0;max-width:44rem}
.refs{padding-left:1.4em;font-size:.92rem}
.refs li{margin:.3rem 0}
@media (max-width:640px){
header,main{padding-left:14px;padding-right:14px}
header{padding-top:26px}
main>section{padding:18px 16px;border-radius:10px}
.keys{grid-template-columns:1fr 1fr;gap:10px}
.keys div{padding:10px 12px}
.keys dd{font-size:1.35rem}
nav>ol{display:block}
nav ul{display:flex;flex-wrap:wrap;gap:0 16px}
nav a{padding:5px 0}
.terms{display:block}
.terms dd{margin-bottom:.7rem}
.chart text,.chart .tick,.chart .note{font-size:14.5px}
.wide .chart text{font-size:28px}
.wide .chart .tick{font-size:27px}
.wide .chart .minor{display:none}
.chart .dots{stroke-width:2.6}
}
@media print{
:root{--ink:#000;--soft:#333;--faint:#ccc;--page:#fff;--card:#fff;--line:#888;--c1:#1d6fa5;--c2:#c2410c;--c3:#7fa8c4;--link:#000;--mark:#0f766e}
@page{size:A4;margin:16mm 14mm}
body{font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
header,main{max-width:none;padding:0}
main>section{border:0;border-radius:0;padding:0;margin:0 0 8mm}
.findings{padding-left:5mm!important}
#quality,#structure,#association,#loci,#risk,#methods{break-before:page}
h2,h3,caption,thead{break-after:avoid}
tr,figure,.keys div{break-inside:avoid}
.scroll{overflow:visible;background:none}
table{font-size:9pt}
th,td{white-space:normal;padding:.25rem .4rem}
.row{grid-template-columns:1fr 1fr;gap:4mm 8mm}
.keys div{border:1px solid #ccc}
a{text-decoration:none}
}
)";

} // namespace

std::string_view style_sheet() { return css; }

} // namespace salus::report
