import { get } from "./api.js";
import { h, mount, show } from "./dom.js";
import { bytesText, grouped, percent, short } from "./format.js";
import { age, bar, copyable, empty, facts, failed, fullTime, hotspotLink, skeleton } from "./parts.js";
import { shareOf } from "./view-epochs.js";

/** One closed epoch: who was paid, and how to check it without trusting this page. */
export function epochView(root, number) {
  const body = h(
    "div",
    { class: "sheet" },
    h("h1", { tabindex: "-1" }, `Epoch ${grouped(number)}`),
    skeleton(8),
  );
  mount(root, body);

  /** A closed epoch never changes: it is fetched once. */
  let isShown = false;
  async function refresh() {
    if (isShown) return;
    try {
      const [{ epoch, payments }, bundle, network] = await Promise.all([
        get(`epochs/${number}`),
        get(`epochs/${number}/bundle`),
        get("network"),
      ]);
      isShown = true;
      show(
        body,
        h("p", { class: "crumb" }, h("a", { href: "#/epochs" }, "Epochs")),
        h(
          "header",
          {},
          h("h1", { tabindex: "-1" }, `Epoch ${grouped(epoch.epoch)}`),
          h("span", { class: "muted" }, "closed ", age(epoch.closedAtMs)),
        ),
        h(
          "div",
          { class: "columns" },
          paymentsCard(epoch, payments),
          h("div", { class: "stack" }, totalsCard(epoch), checkCard(epoch, bundle, network)),
        ),
      );
    } catch (error) {
      show(
        body,
        h("p", { class: "crumb" }, h("a", { href: "#/epochs" }, "Epochs")),
        h("h1", { tabindex: "-1" }, `Epoch ${grouped(number)}`),
        h("div", { class: "card" }, failed(error, refresh)),
      );
    }
  }

  return { title: `Epoch ${number}`, concerns: (kind) => kind === "epoch", refresh, close() {} };
}

function totalsCard({ fromMs, toMs, pool, paid, unallocated, root, manifestHash, parametersHash }) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Totals"),
    h("p", { class: "muted" }, "Paid and unallocated add up to the pool, exactly"),
    bar(shareOf(paid, pool)),
    facts([
      ["Pool", grouped(pool)],
      ["Paid", grouped(paid)],
      ["Unallocated", grouped(unallocated)],
      ["From", fullTime(fromMs)],
      ["To", fullTime(toMs)],
      ["Root", copyable(root)],
      ["Manifest", copyable(manifestHash)],
      ["Rules", [copyable(parametersHash), " ", h("a", { href: "/api/v1/parameters" }, "all versions")]],
    ]),
  );
}

function paymentsCard({ epoch, paid }, payments) {
  const earned = payments
    .filter(({ delta }) => delta !== "0")
    .sort((a, b) => (BigInt(b.delta) > BigInt(a.delta) ? 1 : -1));
  const largest = earned[0]?.delta ?? "0";
  const cell = (label, ...children) => h("td", { "data-label": label, class: "number" }, ...children);
  const rows = earned.map(({ hotspotId, hotspotName, delta, cumulative, payee }) =>
    h(
      "tr",
      {},
      h(
        "td",
        { class: "title" },
        h(
          "div",
          { class: "who" },
          hotspotLink(hotspotId, hotspotName),
          h(
            "code",
            { class: "muted", title: payee },
            `to ${/^0x0+$/.test(payee) ? "nobody yet" : short(payee, 6, 4)}`,
          ),
        ),
      ),
      cell(
        "Paid",
        h(
          "div",
          { class: "who" },
          grouped(delta),
          h("span", { class: "muted" }, `${grouped(cumulative)} in all`),
        ),
      ),
      h(
        "td",
        { "data-label": "Share" },
        h("span", { class: "share" }, bar(shareOf(delta, largest)), percent(shareOf(delta, paid))),
      ),
      cell("Claim", h("a", { href: `/api/v1/epochs/${epoch}/claims/${hotspotId}` }, "proof")),
    ),
  );
  const headings = [["Hotspot"], ["Paid", "number"], ["Share"], ["Claim", "number"]];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, earned.length === 1 ? "1 hotspot was paid" : `${grouped(earned.length)} hotspots were paid`),
    earned.length === 0
      ? empty(
          "Nobody was paid",
          "No beacon was validly heard in this epoch; the whole pool stays unallocated.",
        )
      : h(
          "div",
          { class: "scroll" },
          h(
            "table",
            { class: "stacked" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                headings.map(([text, kind]) => h("th", { scope: "col", class: kind }, text)),
              ),
            ),
            h("tbody", {}, rows),
          ),
        ),
  );
}

function checkCard({ epoch }, { name, cid, files }, { parameters, publicKeyId }) {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (files.length === 0) {
    return h(
      "section",
      { class: "card" },
      h("h2", {}, "Check it yourself"),
      empty("The bundle is not here", "This gateway no longer holds the files of this epoch."),
    );
  }
  const base = `${location.origin}/api/v1/epochs/${epoch}/bundle`;
  const names = files.map((file) => file.name).join(",");
  const fetching = `mkdir -p ${name} && curl --fail-with-body --output "${name}/#1" "${base}/{${names}}"`;
  const verifying = `bun run gateway verify-epoch ${name}`;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Check it yourself"),
    h("p", { class: "muted" }, `All inputs and results, ${bytesText(total)}`),
    h("p", { class: "muted" }, entropyText(parameters)),
    facts([["CID", copyable(cid)]]),
    h(
      "ol",
      { class: "steps" },
      h("li", {}, "Download the bundle, file by file or all at once:", command(fetching)),
      h("li", {}, "Judge and pay the epoch again, from its packets alone:", command(verifying)),
      h(
        "li",
        {},
        "It must print the root above, and this signer, which is the network's key: ",
        copyable(publicKeyId),
      ),
    ),
    h(
      "ul",
      { class: "files" },
      files.map((file) =>
        h(
          "li",
          {},
          h("a", { href: file.url, download: file.name }, file.name),
          h("span", { class: "muted", title: file.cid }, bytesText(file.bytes)),
        ),
      ),
    ),
  );
}

/** What beacons and draws hang on, and whose word that is. */
const entropyText = ({ drandChain }) =>
  drandChain === undefined
    ? "The network's entropy is its operator's word: nothing shows that it was not chosen."
    : `The network's entropy follows from drand chain ${drandChain.hash.slice(0, 8)}…, whose signatures this checks: nobody chooses it.`;

const command = (text) =>
  h("div", { class: "command" }, h("pre", { tabindex: "0" }, h("code", {}, text)), copyable(text, ""));
