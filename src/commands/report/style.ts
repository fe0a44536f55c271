import { pageStyle } from "../../ui/page-style.ts";

/** The look of the pages, and what only the report has. */
export const reportStyle = `${pageStyle}
.week{position:relative;height:4.2rem;margin:.6rem 0;overflow:hidden;background:linear-gradient(var(--track),var(--track)) 0 1.6rem/100% .9rem no-repeat}
.week.covered{background-image:linear-gradient(var(--good),var(--good))}
.week>*{position:absolute}
.week .gap{top:1.6rem;height:.9rem}
.gap{background:repeating-linear-gradient(45deg,var(--bad) 0 .25rem,var(--card) .25rem .5rem);outline:1px solid var(--bad)}
p .gap{display:inline-block;width:1.2rem;height:.7rem;margin:0 .2rem 0 .6rem}
.day{top:2.6rem;white-space:nowrap;border-left:1px solid var(--dim);padding-left:.2rem;font-size:.75rem;color:var(--dim)}
.mark{top:.1rem;border-left:2px solid var(--text);padding-left:.15rem;height:2.4rem;font-size:.8rem;line-height:1.2}
.bars{position:relative;padding:3.2rem 0 1.4rem 3.6rem}
.bars ol{list-style:none;display:flex;height:11rem;margin:0;padding:0;border-bottom:1px solid var(--dim);background:linear-gradient(var(--track) 1px,transparent 1px) 0 0/100% 50%}
.bars li{flex:1;min-width:0;margin:0}
.bars li>div{height:100%;margin:0 12%;display:flex;flex-direction:column-reverse}
.bars li>div:hover,.bars li>div:focus{background:var(--track)}
.scale{position:absolute;left:0;top:2.6rem;height:11rem;width:3.2rem;display:flex;flex-direction:column;justify-content:space-between;text-align:right;line-height:1.2}
.tip{display:none;position:absolute;left:0;right:0;top:0;min-height:2.8rem;font-size:.85rem;line-height:1.3}
:hover>.tip,:focus>.tip{display:block}:hover>.tip{z-index:1;background:var(--card)}
.axis{position:relative;height:1.2rem;margin:0;color:var(--dim);font-size:.75rem}
.axis span{position:absolute;top:.15rem;border-left:1px solid var(--dim);padding-left:.2rem;white-space:nowrap}
:focus-visible{outline:2px solid var(--fan);outline-offset:2px}
svg.calendar{max-width:44rem;background:none;border:0}
svg.calendar text{font-size:9px;fill:var(--dim)}
.h0{fill:var(--track)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}.h4{fill:var(--h4)}
section>h3{margin-top:1.2rem}
.wide{overflow-x:auto}
.wide td,.wide th+th{text-align:right;font-variant-numeric:tabular-nums}.wide td{white-space:nowrap}.wide th+th{white-space:normal}
td,tbody th,tfoot th{vertical-align:top}
tbody th,tfoot th{color:var(--text);min-width:5.5rem;white-space:normal;overflow-wrap:break-word}
tfoot{font-weight:600}
@media (max-width:34rem){.axis span:nth-child(even){display:none}.wide table{font-size:.8rem}.wide td,.wide th{padding-right:.3rem;min-width:0}}
:root{--h1:#7288b0;--h2:#5b7fc7;--h3:#2f63c0;--h4:#173a80}
@media (prefers-color-scheme:dark){:root{--h1:#566b96;--h2:#5b86d6;--h3:#8fb4ff;--h4:#d3e1ff}}
summary{cursor:pointer;font-size:.9rem}
`;
