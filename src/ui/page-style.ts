/** The style of the pages, light and dark. */
export const pageStyle = `
:root{color-scheme:light dark;--back:#fafafa;--card:#fff;--text:#1c1e21;--dim:#5c636b;--line:#dcdfe3;--track:#e9ebee;
--good:#1a7f45;--low:#9a6200;--bad:#c62f2f;--fan:#2563c9;
--c0:#2563c9;--c1:#b8690f;--c2:#1a8f6a;--c3:#a347ba;--c4:#c0392b;--c5:#7a828c}
@media (prefers-color-scheme:dark){:root{--back:#14161a;--card:#1d2026;--text:#e8eaed;--dim:#a0a7b0;--line:#31363e;--track:#2c3138;
--good:#4cc27d;--low:#e0a93f;--bad:#f0716a;--fan:#6ea3ff;
--c0:#6ea3ff;--c1:#f0a860;--c2:#4fc7a0;--c3:#cf8be0;--c4:#ef7d72;--c5:#9aa2ac}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:68rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.6rem 0 .5rem}h3{font-size:1rem;margin:0}
p{margin:.25rem 0}
.dim{color:var(--dim);font-size:.875rem}
.good{color:var(--good)}.low{color:var(--low)}.bad{color:var(--bad)}
.tag{font-size:.75rem;border:1px solid var(--fan);color:var(--fan);border-radius:1rem;padding:.05rem .5rem;margin-left:.3rem}
section,article{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}
section.cards{background:none;border:0;padding:0;margin-top:1rem;display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr))}
section.advice{border-left:4px solid var(--fan);margin-top:.8rem}
.window{margin-top:.8rem}
.window>p:first-child{display:flex;justify-content:space-between}
.meter{background:var(--track);border-radius:.4rem;height:.7rem;overflow:hidden}
.meter>div{height:100%;background:currentColor}
svg{display:block;width:100%;background:linear-gradient(var(--track) 1px,transparent 1px) 0 0/100% 25%;border-bottom:1px solid var(--dim)}
svg.fan{height:5rem;margin-top:.5rem}
svg.usage{height:11rem}
.band{fill:var(--fan);opacity:.25}
.middle{fill:none;stroke:var(--fan);stroke-width:2;vector-effect:non-scaling-stroke}
.c0{fill:var(--c0);background:var(--c0)}.c1{fill:var(--c1);background:var(--c1)}.c2{fill:var(--c2);background:var(--c2)}
.c3{fill:var(--c3);background:var(--c3)}.c4{fill:var(--c4);background:var(--c4)}.c5{fill:var(--c5);background:var(--c5)}
.ends{display:flex;flex-wrap:wrap;justify-content:space-between;color:var(--dim);font-size:.8rem}
.ends span{white-space:nowrap}
.scale{color:var(--dim);font-size:.8rem;margin:0}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.875rem}
.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin-right:.35rem;vertical-align:-.05rem}
table{border-collapse:collapse;width:100%;margin-top:.8rem;font-size:.9rem}
th{text-align:left;color:var(--dim);font-weight:500}
thead th{overflow-wrap:normal}
td,th{padding:.25rem .5rem .25rem 0;border-bottom:1px solid var(--line)}
td+td,th+th{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
ul{margin:0;padding-left:1.2rem}li{margin:.3rem 0}
code{font-size:.85rem}
footer{margin:1.5rem 0 .5rem}
`;
