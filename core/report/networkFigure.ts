import { compact, type Column, type Unit } from '../brain/layout.ts'
import type { NetworkLayer, NetworkView } from '../method.ts'
import { written } from '../stats/decimals.ts'
import { say, type Language } from '../words/say.ts'
import { html, short, type Markup } from './html.ts'
import { taskMark } from './marks.ts'

const WIDTH = 760
const TOP = 40
const STEP = 18
const MOST = 22
const LETTER = 7.2
const MOST_LETTERS = 30

export type NetworkFigure = { figure: Markup; caption: string; table: Markup }

/** The network of the model fitted on all rows: its strongest weights as lines, and the same weights as a table. */
export function networkFigure(c: {
  network: NetworkView
  method: string
  tasks: readonly string[]
  language: Language
}): NetworkFigure {
  const { network, language } = c
  const tallest = (most: number) => Math.max(...columnSizes(network).map((units) => Math.min(units, most)))
  const height = Math.max(4, tallest(MOST)) * STEP
  const { layout, weights, total } = compact(network, {
    width: WIDTH,
    height,
    margin: margins(network),
    perColumn: 36,
    most: MOST,
  })
  const nameOf = (layer: string, unit: number) => {
    const own = network.layers.find((each) => each.id === layer)
    return own ? unitName(own, unit) : layer
  }
  const caption = say(language, 'report.network.about', { method: c.method, shown: weights.length, of: total })
  // Weakest first, so that the strongest lie on top.
  const lines = [...weights]
    .sort((a, b) => a.share - b.share)
    .map(({ weight, share, x1, y1, x2, y2, ...w }) => {
      const middle = (x1 + x2) / 2
      const [a, b] = [y1 + TOP, y2 + TOP].map((y) => y.toFixed(1))
      return html`<path
        class="${weight < 0 ? 'minus' : 'plus'}"
        d="M${x1.toFixed(1)} ${a}C${middle.toFixed(1)} ${a} ${middle.toFixed(1)} ${b} ${x2.toFixed(1)} ${b}"
        style="stroke-width:${(0.6 + 4.4 * share).toFixed(2)};opacity:${(0.35 + 0.6 * share).toFixed(2)}"
        ><title>${nameOf(w.fromLayer, w.from)} → ${nameOf(w.toLayer, w.to)}: ${written(weight, 3, true)}</title></path
      >`
    })
  const figure = html`<svg
    viewBox="0 0 ${WIDTH} ${height + TOP + 6}"
    role="img"
    aria-labelledby="network-title network-desc"
    class="network"
  >
    <title id="network-title">${say(language, 'report.network')}</title>
    <desc id="network-desc">${caption}</desc>
    ${layout.columns.map((column, i) => heading(column, i, layout.columns.length, language))} ${lines}
    ${layout.units.map((unit) => node(unit, nameOf(unit.layer, unit.unit), c.tasks))}
  </svg>`
  const table = html`<table class="figures">
    <thead>
      <tr>
        <th scope="col">${say(language, 'report.from')}</th>
        <th scope="col">${say(language, 'report.to')}</th>
        <th scope="col" class="number">${say(language, 'report.weight')}</th>
      </tr>
    </thead>
    <tbody>
      ${weights.map(
        (w) =>
          html`<tr>
            <td>${nameOf(w.fromLayer, w.from)}</td>
            <td>${nameOf(w.toLayer, w.to)}</td>
            <td class="number">${written(w.weight, 3, true)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
  return { figure, caption, table }
}

/** Room for the longest name on either side. */
function margins(network: NetworkView): [number, number] {
  const room = (kind: 'input' | 'head') => {
    const names = network.layers
      .filter((layer) => layer.kind === kind)
      .flatMap((layer) => Array.from({ length: layer.units }, (_, unit) => unitName(layer, unit)))
    return 24 + LETTER * Math.min(MOST_LETTERS, Math.max(8, ...names.map((name) => [...name].length)))
  }
  return [room('input'), room('head')]
}

/** A head's unit is its task, with the class where it has several; an input has its name, others a number. */
function unitName({ id, kind, task, names, units }: NetworkLayer, unit: number): string {
  if (kind !== 'head' || task === null) return names?.[unit] ?? `${id} ${unit + 1}`
  return units > 1 ? `${task}: ${names?.[unit] ?? unit + 1}` : task
}

/** Units per column, before any is left out. */
function columnSizes(network: NetworkView): number[] {
  const heads = network.layers.filter((layer) => layer.kind === 'head')
  const others = network.layers.filter((layer) => layer.kind !== 'head')
  return [...others.map((layer) => layer.units), heads.reduce((sum, layer) => sum + layer.units, 0)]
}

function heading(column: Column, index: number, columns: number, language: Language): Markup {
  const key = index === 0 ? 'inputs' : index === columns - 1 ? 'outputs' : 'hidden'
  const anchor = index === 0 ? 'end' : index === columns - 1 ? 'start' : 'middle'
  const units =
    column.shown < column.units
      ? say(language, 'report.units.some', { shown: column.shown, n: column.units })
      : say(language, column.units === 1 ? 'report.unit' : 'report.units', { n: column.units })
  const dx = index === 0 ? 6 : index === columns - 1 ? -6 : 0
  return html`<text class="heading" x="${column.x + dx}" y="12" text-anchor="${anchor}"
      >${say(language, `report.network.${key}`, { n: index })}</text
    ><text class="tick" x="${column.x + dx}" y="27" text-anchor="${anchor}">${units}</text>`
}

function node(unit: Unit, name: string, tasks: readonly string[]): Markup {
  const y = unit.y + TOP
  const index = unit.task === null ? -1 : tasks.indexOf(unit.task)
  const label =
    unit.kind === 'input'
      ? html`<text class="name" x="${unit.x - 12}" y="${y + 4}" text-anchor="end">${short(name, MOST_LETTERS)}</text>`
      : unit.kind === 'head'
        ? html`<text class="name" x="${unit.x + 14}" y="${y + 4}">${short(name, MOST_LETTERS)}</text>`
        : null
  return html`<g
    ><title>${name}</title>${
      index >= 0 ? taskMark(index, unit.x, y, 12) : html`<circle class="unit" cx="${unit.x}" cy="${y}" r="4" />`
    }${label}</g
  >`
}
