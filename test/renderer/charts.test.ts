import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { method, task } from '../../renderer/charts/channels.ts'
import { contrast, inkOn, shadeColour } from '../../renderer/charts/colours.ts'
import { figuresOf, move } from '../../renderer/charts/figures.ts'
import { fit, short, signed, textWidth } from '../../renderer/charts/format.ts'
import { parseRanges, piecesFor } from '../../renderer/charts/fonts.ts'
import { PALETTES, TOKEN_OF } from '../../renderer/charts/palette.ts'
import { toCsv, toLatex, toTabs, twinOf } from '../../renderer/charts/picture.ts'
import type { HeatPicture, IntervalPicture, LinePicture } from '../../renderer/charts/picture.ts'
import { smooth } from '../../renderer/charts/smooth.ts'
import { toSvg } from '../../renderer/charts/svg.ts'

const line: LinePicture = {
  kind: 'line',
  title: 'Loss & more',
  x: { label: 'step' },
  y: { label: 'loss' },
  series: [
    { id: 'a', label: 'Ridge', hue: method(0), points: [[1, 4], [2, 2], [3, 1]] },
    { id: 'b', label: '硬共享', hue: method(1), points: [[2, 3], [3, 0.5]], raw: [[2, 3.5], [3, 0.25]] },
  ],
} // prettier-ignore
const interval: IntervalPicture = {
  kind: 'interval',
  title: 'Effects',
  x: { label: 'effect' },
  heads: { label: 'Task', mean: 'Effect', low: 'from', high: 'to', note: 'Call' },
  zero: 0,
  band: [-0.1, 0.1],
  rows: [
    { id: 'a', label: 'a', hue: task(0), mean: 0.5, ci: [0.2, 0.8], note: 'helps' },
    { id: 'b', label: 'b, "quoted"', hue: task(13), mean: null, ci: null, note: 'not settled' },
  ],
}
const heat: HeatPicture = {
  kind: 'heat',
  title: 'Heat',
  rows: ['t1', 't2'],
  columns: ['m1', 'm2', 'm3'],
  corner: 'Task',
  values: [[1, 2, 3], [4, null, 6]],
  shade: [[1, 0, -1], [-1, null, 1]],
  ends: ['worst', 'best'],
} // prettier-ignore

describe('the table twin', () => {
  test('has every figure that is drawn', () => {
    expect(twinOf(line)).toEqual({ columns: ['step', 'Ridge', '硬共享'], rows: [[1, 4, null], [2, 2, 3], [3, 1, 0.5]] }) // prettier-ignore
    expect(twinOf(interval).rows).toEqual([
      ['a', 0.5, 0.2, 0.8, 'helps'],
      ['b, "quoted"', null, null, null, 'not settled'],
    ])
    expect(twinOf(heat).rows[1]).toEqual(['t2', 4, null, 6])
    const bars = {
      kind: 'histogram',
      title: '',
      x: { label: 'x' },
      y: { label: 'n' },
      edges: [0, 1, 3],
      counts: [5, 2],
    } as const
    expect(twinOf({ ...bars, edges: [...bars.edges], counts: [...bars.counts] }).rows).toEqual([[0, 1, 5], [1, 3, 2]]) // prettier-ignore
  })

  test('as CSV, LaTeX and clipboard text', () => {
    expect(toCsv(twinOf(interval))).toBe(
      '\ufeffTask,Effect,from,to,Call\r\na,0.5,0.2,0.8,helps\r\n"b, ""quoted""",,,,not settled\r\n',
    )
    expect(
      toLatex({
        columns: ['a_b', 'x'],
        rows: [
          ['50 %', 0.123456],
          ['c', null],
        ],
      }),
    ).toBe(
      '\\begin{tabular}{lr}\n\\hline\na\\_b & x \\\\\n\\hline\n50 \\% & $0.1235$ \\\\\nc & -- \\\\\n\\hline\n\\end{tabular}\n',
    )
    expect(toTabs({ columns: ['a', 'b'], rows: [[1, null]] })).toBe('a\tb\n1\t')
  })
})

describe('the SVG', () => {
  test.each([line, interval, heat])('of a $kind picture is well-formed and refers to nothing outside', (picture) => {
    const svg = toSvg(picture, { width: 600, palette: PALETTES.light, source: 'Engram' })
    expect(svg.startsWith('<svg ')).toBe(true)
    const tags = [...svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)]
    const open: string[] = []
    for (const [, closing, name, empty] of tags) {
      if (closing) expect(open.pop()).toBe(name)
      else if (!empty) open.push(name)
    }
    expect(open).toEqual([])
    expect(svg).not.toMatch(/NaN|undefined|Infinity|<script|href=/)
  })

  test('escapes texts, keeps raw behind smoothed, and gives every series its dash', () => {
    const svg = toSvg(line, { width: 600, palette: PALETTES.light })
    expect(svg).toContain('Loss &amp; more')
    expect(svg.match(/stroke-opacity="0.25"/g)).toHaveLength(1)
    expect(svg.indexOf('stroke-opacity="0.25"')).toBeLessThan(svg.lastIndexOf('stroke-width="2"'))
    expect(svg).toContain('stroke-dasharray="7 4"')
  })

  test('stands on one value, on none, and on a logarithmic axis', () => {
    const one = { ...line, series: [{ ...line.series[0], points: [[1, 5]] as [number, number][] }] }
    for (const picture of [one, { ...line, series: [] }, { ...line, y: { label: 'y', log: true } }])
      expect(toSvg(picture, { width: 400, palette: PALETTES.dark })).not.toMatch(/NaN|Infinity/)
  })
})

describe('fonts', () => {
  test('only pieces that hold a Chinese character of the text are embedded', () => {
    const table = { a: 'U+4e00-4e05,U+5e', b: 'U+786c', c: 'U+0041-005a' }
    expect(piecesFor('ABC', table)).toEqual([])
    expect(piecesFor('A硬', table)).toEqual(['b'])
    expect(piecesFor('一硬', table)).toEqual(['a', 'b'])
    expect(parseRanges('U+4e00-4e05,U+5e')).toEqual([[0x4e00, 0x4e05], [0x5e, 0x5e]]) // prettier-ignore
  })

  test('the font covers the words of the catalogue', () => {
    const words = readFileSync(new URL('../../renderer/i18n/zh/compare.ts', import.meta.url), 'utf8')
    const used = [...new Set(words)].filter((c) => /\p{Script=Han}/u.test(c))
    expect(used.length).toBeGreaterThan(100)
    for (const char of used) expect(piecesFor(char), char).toHaveLength(1)
  })
})

describe('colours', () => {
  test('the palette repeats the tokens truly', () => {
    const css = readFileSync(new URL('../../renderer/style/tokens.css', import.meta.url), 'utf8')
    const [light, dark] = css.split(":root[data-theme='dark']")
    for (const [theme, part] of [
      ['light', light],
      ['dark', dark],
    ] as const)
      for (const [name, token] of Object.entries(TOKEN_OF))
        expect(part, `${theme} ${token}`).toContain(`--${token}: ${PALETTES[theme][name as keyof typeof TOKEN_OF]};`)
  })

  test.each(['light', 'dark'] as const)('numbers are readable on every shade (%s)', (theme) => {
    const palette = PALETTES[theme]
    for (let shade = -1; shade <= 1; shade += 0.05) {
      const fill = shadeColour(shade, palette)
      expect(contrast(fill, inkOn(fill)), `${shade}`).toBeGreaterThanOrEqual(4.5)
    }
    expect(contrast(palette.good, palette.paper)).toBeGreaterThanOrEqual(3)
    expect(contrast(palette.bad, palette.paper)).toBeGreaterThanOrEqual(3)
  })
})

test('smoothing starts at the first value, follows a constant, and changes nothing at 0', () => {
  expect(smooth([[1, 5], [2, 5], [3, 5]], 0.9).map(([, y]) => y)).toEqual([expect.closeTo(5), expect.closeTo(5), expect.closeTo(5)]) // prettier-ignore
  const points: [number, number][] = [[1, 2], [2, 4]] // prettier-ignore
  expect(smooth(points, 0)).toEqual(points)
  // m1 = .5·2, m2 = .5·1 + .5·4 = 2.5; divided by 1 − .25
  expect(smooth(points, 0.5)[1][1]).toBeCloseTo(2.5 / 0.75, 12)
})

test('numbers are short and true', () => {
  expect([0, 0.56789, -12.3456, 1234.56, 0.00001234, 2.5e7, null].map((v) => short(v))).toEqual(['0', '0.5679', '−12.35', '1235', '1.23e−5', '2.50e+7', '–']) // prettier-ignore
  expect(signed(0.5)).toBe('+0.5')
  expect(fit('abcdefghij', 3)).toMatch(/…$/)
  expect(textWidth('硬共享')).toBe(3)
})

test('arrow keys walk through every figure and stop at the ends', () => {
  const all = figuresOf(heat, new Set())
  let at = move(all, null, 'ArrowDown')
  expect(at?.said).toBe('t1, m1: 1')
  for (let i = 0; i < 5; i++) at = move(all, at, 'ArrowRight')
  expect(at?.said).toBe('t1, m3: 3')
  at = move(all, at, 'ArrowDown')
  expect([at?.said, at?.row, at?.index]).toEqual(['t2, m3: 6', 1, 5])
  expect(move(all, at, 'ArrowDown')).toBe(at)
  expect(move(all, at, 'x')).toBeNull()
  expect(figuresOf(line, new Set(['a'])).map((f) => f.pick)).toEqual([1, 1])
})
