import { describe, expect, it } from 'vitest'
import type { NetworkView } from '../../core/method.ts'
import { axisOf } from '../../core/report/axis.ts'
import { textColumns, textWidth } from '../../core/report/columns.ts'
import { differencesOf } from '../../core/report/differencesChart.ts'
import { exportComparison, latexText } from '../../core/report/export.ts'
import { fingerprintOf } from '../../core/report/fingerprint.ts'
import { escape, html } from '../../core/report/html.ts'
import { report, type ReportInput } from '../../core/report/report.ts'
import { comparisonText } from '../../core/report/text.ts'
import type { RowCurves } from '../../core/stats/rowCurve.ts'
import type { ShotCurves } from '../../core/stats/shotCurve.ts'
import { sideBySide } from '../../core/stats/sideBySide.ts'
import { Comparison } from '../../core/stats/comparison.ts'
import { written } from '../../core/stats/decimals.ts'
import { en, type WordKey } from '../../core/words/en.ts'
import { say } from '../../core/words/say.ts'
import { zh } from '../../core/words/zh.ts'
import { SHAPE_PATHS, TASK_COLOURS, taskMark } from '../../renderer/style/palette.ts'
import { made, compare } from '../stats/made.ts'

const HOSTILE = `</title><script>alert(1)</script>"'&\u0000\u001b[31m{method}`

const network: NetworkView = {
  layers: [
    { id: 'in', kind: 'input', units: 2, names: [HOSTILE, 'b'], activation: 'none', task: null },
    { id: 'trunk', kind: 'trunk', units: 3, names: null, activation: 'relu', task: null },
    { id: 'head:Y1', kind: 'head', units: 1, names: ['Y1'], activation: 'none', task: 'Y1' },
    { id: 'head:Y2', kind: 'head', units: 1, names: ['Y2'], activation: 'none', task: 'Y2' },
  ],
  edges: [
    { from: 'in', to: 'trunk', weights: Float32Array.of(1, -5, 0, 2, 3, -1), bias: null },
    { from: 'trunk', to: 'head:Y1', weights: Float32Array.of(0.5, 4, 0), bias: null },
    { from: 'trunk', to: 'head:Y2', weights: Float32Array.of(-5, 0, 0.25), bias: null },
  ],
}

function input(own: Partial<ReportInput> = {}): ReportInput {
  const base = made({
    seed: 1,
    rows: 120,
    tasks: 2,
    methods: [
      { id: 'mean', sd: [1.2, 1.2] },
      { id: 'single-task-mlp', sd: [0.5, 0.5] },
      { id: 'hard-sharing', sd: [0.35, 0.5] },
    ],
  })
  const { spec } = base.experiments[0]
  return {
    comparison: compare(base),
    experiments: [
      {
        spec,
        fingerprint: fingerprintOf({ dataHash: 'ab'.repeat(32), spec, runtime: 'native 1.30', version: '0.1.0' }),
      },
    ],
    dataset: { name: 'slump.arff', rows: 120, columns: 9 },
    network: { method: 'Hard sharing', view: network },
    language: 'en',
    now: 'today',
    ...own,
  }
}

/** Every name in a comparison that data or a person gave, replaced by something hostile. */
function hostile(c: Comparison): Comparison {
  const text = JSON.stringify(c)
    .replaceAll('"Y1"', JSON.stringify(HOSTILE))
    .replaceAll('"label":"', `"label":"<img src=x onerror=1>`)
  return Comparison.parse(JSON.parse(text))
}

describe('the report', () => {
  it('is one self-contained page with verdict, charts, tables and fingerprint', () => {
    const own = input()
    const page = report(own)
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(page).toContain('Learning together helps: hard-sharing beats single-task-mlp on 1 of 2 tasks.')
    expect(page.match(/<svg/g)?.length).toBe(3)
    expect(page.match(/<title id=/g)?.length).toBe(3)
    expect(page.match(/<desc id=/g)?.length).toBe(3)
    expect(page).toContain('prefers-color-scheme:dark')
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/<script|<link|https?:|url\(|@import|NaN|undefined|Infinity|\[object/)
    expect(page).toContain(own.experiments[0].fingerprint.all.slice(0, 8))
    expect(page.length).toBeLessThan(80_000)
  })

  it('draws exactly what its tables list', () => {
    const own = input()
    const page = report(own)
    const { all, decimals } = differencesOf(own.comparison, { method: 'hard-sharing', against: 'single-task-mlp' })
    expect(all.length).toBe(3)
    for (const d of all) {
      const range = `${written(d.ci95?.[0] ?? null, decimals, true)} to ${written(d.ci95?.[1] ?? null, decimals, true)}`
      expect(page.split(`>${range}<`).length - 1, range).toBe(2) // once in the chart, once in the table
    }
    // Nine weights are not zero: as many lines as rows.
    expect(page.match(/class="(plus|minus)"/g)?.length).toBe(9)
    const weights = page.slice(page.indexOf('id="network-title"')).match(/<td class="number">[+−][\d.]+<\/td>/g)
    expect(weights?.length).toBe(9)
  })

  const curves: RowCurves = {
    metric: 'arrmse',
    better: 'lower',
    rows: [5, 20],
    interval: { rule: 'nadeau-bengio', unit: 'folds', n: 5, approximate: true },
    methods: [
      { key: 'a', id: 'a', label: HOSTILE, points: [5, 20].map((rows) => ({ rows, mean: 4 / rows, ci95: [1 / rows, 7 / rows] })) },
      { key: 'b', id: 'b', label: 'Alone', points: [5, 20].map((rows) => ({ rows, mean: 5 / rows, ci95: null })) },
    ],
    sharing: [{ method: 'b', against: 'a', points: [], helpsUpTo: 5, stopsAt: 20, hurtsFrom: null }],
  } // prettier-ignore
  it('shows one question both ways, and the curve over training rows, in two languages', () => {
    const own = input()
    const ways = sideBySide(own.comparison, own.comparison, HOSTILE)
    const page = report({ ...own, ways, curves })
    expect(page).toContain('Rows at random, and groups kept whole')
    expect(page).toContain('aRRMSE against the training rows per task')
    expect(page).toMatch(/Sharing stops helping: Alone beats .* up to 5 rows per task, and no longer at 20\./)
    expect(page).toMatch(/0\.80\s*<small>± 0\.60<\/small>/)
    expect(page.match(/<path class="line"/g)?.length).toBe(2)
    expect(page).not.toMatch(/<script|NaN|undefined|\[object/)
    const chinese = report({ ...own, ways, curves, language: 'zh' })
    expect(chinese).toContain('行随机分与组整体分')
    expect(chinese).toContain('共享的好处到此为止')
    expect(report(own)).not.toContain('training rows per task')
  })

  it('shows the curve over labelled rows, with what they are worth, in two languages', () => {
    const points = (of: number) => [1, 5].map((shots) => ({ shots, mean: of / shots, ci95: null, n: 4 }))
    const against = [
      { shots: 1, effect: 1, ci95: [0.5, 1.5] as [number, number] },
      { shots: 5, effect: 1, ci95: [-0.5, 2.5] as [number, number] },
    ]
    const shots: ShotCurves = {
      ...{ metric: 'rmse', better: 'lower', shots: [1, 5], tasks: 4, baseline: 'b' },
      methods: [
        { key: 'a', id: 'a', label: HOSTILE, points: points(1), against },
        { key: 'b', id: 'b', label: 'Alone', points: points(2), against: [] },
      ],
      worth: { method: 'a', rows: 1, alone: 'b', equals: 3.6, ci95: [2, 5], more: false },
    }
    const page = report({ ...input(), shots })
    expect(page).toContain('RMSE against the labelled rows of a new task')
    expect(page).toMatch(/Labelled rows of a new task: 1 with .* = 4 alone \(Alone; 95 % interval 2 to 5\)\./)
    expect(page).toContain('It beats the best baseline (Alone) beyond doubt at these numbers of rows: 1.')
    expect(page).not.toMatch(/<script|NaN|undefined|\[object/)
    expect(report({ ...input(), shots, language: 'zh' })).toContain('行标注相当于单独学习（Alone）的 4 行')
    const little = {
      ...shots,
      worth: { ...shots.worth!, equals: 1 },
      methods: shots.methods.map((m) => ({ ...m, against: [] })),
    }
    expect(report({ ...input(), shots: little })).toContain('are worth no more than 1 alone (Alone).')
  })

  it('escapes hostile names in every place', () => {
    const own = input()
    const page = report({
      ...own,
      comparison: hostile(own.comparison),
      experiments: own.experiments.map(({ spec, fingerprint }) => ({
        spec: { ...spec, name: HOSTILE },
        fingerprint: { ...fingerprint, runtime: HOSTILE },
      })),
      dataset: { name: HOSTILE, rows: 1, columns: 1 },
      network: { method: HOSTILE, view: network },
      now: HOSTILE,
    })
    expect(page).not.toContain('<script')
    expect(page).not.toContain('<img')
    expect(page).not.toMatch(/[\u0000-\u0008\u001b]/)
    expect(page).toContain('&lt;script&gt;')
  })

  it('holds no figure that is a cell of the data', () => {
    // The rows are known: none of their values stands in the page at the precision of the file.
    const own = input()
    const page = report(own)
    const truth = made({ seed: 1, rows: 120, tasks: 2, methods: [{ id: 'mean', sd: [1, 1] }] })
    const cells = truth.predictions?.(truth.experiments[0].runs[0])?.targets[0].truth ?? new Float64Array()
    expect(cells.length).toBe(24)
    for (const cell of cells) expect(page).not.toContain(String(cell))
  })

  it('speaks Chinese, and stands without figures or network', () => {
    const page = report(input({ language: 'zh' }))
    expect(page).toContain('<html lang="zh">')
    expect(page).toContain('一起学习有益')
    const empty = input()
    const methods = empty.comparison.methods.map((m) => ({
      ...m,
      overall: { mean: null, ci95: null, n: 0 },
      perTask: {},
    }))
    const bare = report({ ...empty, network: null, comparison: { ...empty.comparison, methods, differences: [] } })
    expect(bare).toContain('Nothing has been tested yet.')
    expect(bare).not.toContain('NaN')
  })

  it('has the colours and shapes of the screen', () => {
    const page = report(input())
    for (const theme of ['light', 'dark'] as const)
      TASK_COLOURS[theme].forEach((colour, i) => expect(page).toContain(`--task-${i}:${colour}`))
    for (const { css, shape } of [taskMark(0), taskMark(1)]) {
      expect(page).toContain(`d="${SHAPE_PATHS[shape]}"`)
      expect(page).toContain(`fill:${css}`)
    }
  })
})

describe('the fingerprint', () => {
  it('changes with data, spec, runtime and version, not with names or the order of keys', () => {
    const { spec } = input().experiments[0]
    const base = { dataHash: 'a', spec, runtime: 'native', version: '1' }
    const of = (own: Partial<typeof base>) => fingerprintOf({ ...base, ...own }).all
    const same = { ...spec, name: 'other', data: { ...spec.data, file: 'elsewhere.csv' } }
    const reversed = Object.fromEntries(Object.entries(spec).reverse()) as typeof spec
    expect(of({ spec: same })).toBe(of({}))
    expect(of({ spec: reversed })).toBe(of({}))
    const changed = { ...spec, evaluation: { ...spec.evaluation, seed: 2 } }
    const all = [of({}), of({ dataHash: 'b' }), of({ runtime: 'wasm' }), of({ version: '2' }), of({ spec: changed })]
    expect(new Set(all).size).toBe(5)
    expect(all[0]).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('text for the command line', () => {
  it('aligns columns, Chinese letters two wide', () => {
    expect(textWidth('任务a')).toBe(5)
    expect(
      textColumns(
        [
          { title: 'a', flush: 'left' },
          { title: 'n', flush: 'right' },
        ],
        [
          ['任务', '1'],
          ['b', '10'],
        ],
      ),
    ).toEqual(['a      n', '────  ──', '任务   1', 'b     10'])
  })
  it('says verdict, figures and calls, and obeys no control character', () => {
    const { comparison } = input()
    const text = comparisonText(comparison)
    expect(text.split('\n')[0]).toBe('Learning together helps: hard-sharing beats single-task-mlp on 1 of 2 tasks.')
    expect(text).toMatch(/hard-sharing {5}chosen +0\.\d+ ± 0\.\d+/)
    expect(text).toMatch(/hard-sharing +single-task-mlp +Y1 +\+0\.\d+ +\+0\.\d+ to \+0\.\d+ +helps/)
    expect(comparisonText(hostile(comparison))).not.toMatch(/[\u0000-\u0009\u001b]/)
  })
})

describe('exports', () => {
  it('LaTeX has one row per method and escapes names', () => {
    const { text } = exportComparison(input().comparison, 'latex')
    expect(text.match(/\\\\$/gm)?.length).toBe(4)
    expect(text).toMatch(/hard-sharing & \$\\mathbf\{0\.\d+\} \\pm 0\.\d+\$ &/)
    expect(latexText('50% of $x_1 & \\y')).toBe('50\\% of \\$x\\_1 \\& \\textbackslash{}y')
  })
  it('CSV holds full precision, quotes, and runs in no spreadsheet', () => {
    const { comparison } = input()
    const named = JSON.parse(JSON.stringify(comparison).replaceAll('"Y1"', '"=1+\\"a\\",b"')) as Comparison
    const lines = exportComparison(named, 'csv').text.split('\r\n')
    expect(lines[0]).toBe('what,method,against,task,metric,value,low,high,n,smallest,call')
    expect(lines.length).toBe(1 + 3 * 3 + 2 * 3 + 1)
    expect(lines[1]).toContain(String(comparison.methods[0].overall.mean))
    expect(lines[2]).toContain(`"'=1+""a"",b"`)
    expect(Comparison.parse(JSON.parse(exportComparison(comparison, 'json').text))).toEqual(comparison)
  })
})

describe('small parts', () => {
  it('escape, axis, figures', () => {
    expect(escape(`<a href="x">'&`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;')
    expect(html`<i>${'<'}${[1, html`<b></b>`]}${null}</i>`.markup).toBe('<i>&lt;1<b></b></i>')
    const axis = axisOf([0.13, 0.47], 0, 100)
    expect(axis.ticks.map((tick) => tick.toFixed(axis.decimals))).toEqual(['0.1', '0.2', '0.3', '0.4', '0.5'])
    expect([axis.at(0.1), axis.at(0.5)]).toEqual([0, 100])
    expect(axisOf([2, 2], 0, 10).at(2)).toBe(5)
    expect(axisOf([], 0, 10).ticks.length).toBeGreaterThan(1)
    expect([written(-0.0004, 3), written(-1.25, 1, true), written(2, 2, true), written(null, 2)]).toEqual([
      '0.000',
      '−1.3',
      '+2.00',
      '—',
    ])
    expect([written(-9.358628799e27, 0), written(1e9, 3, true), written(999_999_999, 0)]).toEqual([
      '−9.36e27',
      '+1.00e9',
      '999999999',
    ])
  })
  it('both languages have the same params in every text', () => {
    const params = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()
    const keys = Object.keys(en) as WordKey[]
    expect(keys.length).toBeGreaterThan(100)
    for (const key of keys) expect(params(zh[key]), key).toEqual(params(en[key]))
    expect(say('en', 'verdict.list.helps', { tasks: '{n}' })).toBe('Helps: {n}.')
  })
})
