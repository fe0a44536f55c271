import { pageStyle } from "../../ui/page-style.ts";

/** The look of the report page, and what only the gateway's pages have. */
export const gatewayStyle = `${pageStyle}
header{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center;padding:.6rem 1rem;background:var(--card);border-bottom:1px solid var(--line)}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:center;flex:1}
nav a{color:var(--text);text-decoration:none;padding:.35rem 0;border-bottom:2px solid transparent}
nav a[aria-current]{border-color:var(--fan);font-weight:600}
nav button{margin-left:auto}
a{color:var(--fan)}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem}
main>form.filter{margin-top:.6rem}
:focus-visible{outline:2px solid var(--fan);outline-offset:2px}
svg.gauge{height:.7rem;border:0;border-radius:.4rem;overflow:hidden;background:var(--track)}
svg.gauge rect{fill:currentColor}
svg.line{height:.9rem;background:var(--track);border:0;border-radius:.2rem}svg.line path{vector-effect:non-scaling-stroke}
.tick{stroke:var(--dim);stroke-width:1;opacity:.5}.blocked{fill:var(--bad);opacity:.35}
.short{stroke:var(--c1);stroke-width:4}.long{stroke:var(--c2);stroke-width:8}
.lines{display:grid;grid-template-columns:minmax(6rem,12rem) 1fr;gap:.5rem .8rem;align-items:center}
.days{display:flex;justify-content:space-between;color:var(--dim);font-size:.8rem}
.sums{display:grid;gap:.5rem 1.5rem;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr))}
.sums b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}
.budget{display:grid;grid-template-columns:1fr auto;gap:.1rem .6rem;margin:.35rem 0}
.budget svg{grid-column:1/3}
form.fields{display:grid;gap:.8rem;max-width:34rem}
form.filter{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin-bottom:.6rem}
label{display:block;font-size:.875rem;color:var(--dim)}
label.check{display:flex;gap:.5rem;color:var(--text);font-size:1rem}
fieldset{border:1px solid var(--line);border-radius:.4rem;margin:0}
input:not([type=checkbox]),select,textarea{display:block;width:100%;margin-top:.2rem;padding:.4rem .5rem;font:inherit;color:var(--text);background:var(--back);border:1px solid var(--dim);border-radius:.35rem}
[aria-invalid=true]{border-color:var(--bad)!important}
button{font:inherit;padding:.4rem .9rem;border:1px solid var(--fan);border-radius:.35rem;background:var(--fan);color:var(--back);cursor:pointer}
button.plain{background:none;color:var(--text);border-color:var(--dim)}
button.risky{background:none;color:var(--bad);border-color:var(--bad)}
button[disabled]{opacity:.5}
.row{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.6rem}
dialog{max-width:min(34rem,92vw);color:var(--text);background:var(--card);border:1px solid var(--line);border-radius:.6rem}
dialog::backdrop{background:#0008}
dialog code{font-size:1rem;user-select:all}
td+td.text,th+th.text{text-align:left;white-space:normal}
td.text{min-width:4.5rem}caption{text-align:left;padding:.2rem 0}time{white-space:nowrap}
section>table:first-child{margin-top:0}
form.filter select,form.filter input{max-width:15rem}
.lines>span{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
@media (max-width:44rem){.lines{grid-template-columns:1fr;gap:.2rem}svg.line{margin-bottom:.4rem}
td.text{min-width:0}table.stack thead{position:absolute;left:-99rem}
table.stack tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
table.stack td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.1rem 0;text-align:right!important}
table.stack td::before{content:attr(data-label);color:var(--dim)}}
`;
