import { latexText } from '../../core/report/export.ts'
import { methods } from '../../core/methods.ts'
import { readPredictions } from '../../core/predictions.ts'
import { UserError } from '../../core/errors.ts'
import type { Model } from '../../core/method.ts'
import type { Context } from './context.ts'
import { needRun } from './experiments.ts'
import { cannotDo } from './cannot.ts'
import { columnOfNewRows, trainedModel } from './models.ts'
import { toCsv, type Cell } from './newRows.ts'
import { summaryOf } from './queue/active.ts'
import { VERSION } from './version.ts'
import type { RunRow } from './workspace/records.ts'

export type Exported = { name: string; mime: string; bytes: Uint8Array }

/**
 * One run as a file: its model (onnx; `adapted` instead, where it has learned further tasks), its predictions of the test
 * rows (csv), or its figures (json, latex).
 */
export async function exportRun(
  c: Context,
  id: string,
  format: 'onnx' | 'csv' | 'json' | 'latex',
  adapted: Model | null,
): Promise<Exported> {
  const run = needRun(c, id)
  const name = `${run.methodKey}-${run.id}`.replaceAll(/[^\p{L}\p{N}.-]+/gu, '_')
  const text = (extension: string, mime: string, content: string) => ({
    name: `${name}.${extension}`,
    mime,
    bytes: Buffer.from(content),
  })
  if (format === 'json') return text('json', 'application/json', asJson(c, run))
  if (format === 'latex') return text('tex', 'application/x-tex', asLatex(run))
  if (format === 'csv') return text('csv', 'text/csv', asCsv(c, run))
  if (columnOfNewRows(c, id).drawn) throw drawnAsOnnx(run)
  const model = adapted ?? (await trainedModel(c, id)).model
  if (!model.onnx) {
    const able = methods.filter((m) => m.can.onnx).map((m) => m.id)
    throw cannotDo(
      run.methodKey,
      'be written as ONNX',
      `Take a run of a method that can: ${able.join(', ') || 'none yet'}.`,
    )
  }
  return { name: `${name}.onnx`, mime: 'application/octet-stream', bytes: model.onnx() }
}

function drawnAsOnnx({ methodKey, fold }: RunRow): UserError {
  return new UserError({
    code: 'run.drawn-onnx',
    who: `Run ${methodKey}, fold ${fold}`,
    rule: 'must have learned tasks that a column names, to be written as ONNX: without labelled rows of new classes a model of drawn classes has none to answer with.',
    got: 'tasks that were drawn from classes, a few at a time',
    remedy: 'Let it learn new classes and predict here (engram adapt), or train on a table with a task column.',
  })
}

function asJson(c: Context, run: RunRow): string {
  const experiment = c.workspace.records.experiment(run.experiment)
  const events = c.workspace.records.events(run)
  const content = {
    engram: VERSION,
    dataHash: experiment?.dataHash,
    spec: experiment?.spec,
    run: summaryOf(run),
    events,
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

function untested({ methodKey, fold, status }: RunRow): UserError {
  return new UserError({
    code: 'run.untested',
    who: `Run ${methodKey}, fold ${fold}`,
    rule: 'must have been tested to have predictions of test rows and figures.',
    got: fold === 'all' ? 'the run that learned from every row, which leaves none to test' : `status "${status}"`,
    remedy: 'Take a run of a fold that is done.',
  })
}

/** Row (from 1), episode, task, truth and prediction of every measured test cell; probabilities for classes. */
function asCsv(c: Context, run: RunRow): string {
  if (!run.blobs.predictions) throw untested(run)
  const said = readPredictions(c.workspace.blobs.need(run.blobs.predictions))
  const widest = Math.max(1, ...said.targets.map((target) => target.width))
  const columns = [
    'row',
    'episode',
    'task',
    'truth',
    ...Array.from({ length: widest }, (_, k) => (widest > 1 ? `p${k}` : 'prediction')),
  ]
  const rows: Cell[][] = []
  said.tasks.forEach(({ id, target, classes }, k) => {
    const { width, task, truth, observed, values } = said.targets[target]
    for (let i = 0; i < said.rows.length; i++) {
      if (task[i] !== k || !observed[i]) continue
      const numbers = Array.from({ length: widest }, (_, w): Cell => (w < width ? values[i * width + w] : null))
      rows.push([said.rows[i] + 1, said.episode[i], id, classes ? classes[truth[i]] : truth[i], ...numbers])
    }
  })
  return toCsv(columns, rows)
}

/** A booktabs table: one row per task, one column per metric. */
function asLatex(run: RunRow): string {
  const { metrics, methodKey, fold, seed } = run
  const names = Object.keys(metrics)
  if (!names.length) throw untested(run)
  const tasks = [...new Set(names.flatMap((name) => Object.keys(metrics[name].perTask)))]
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? '--' : value.toPrecision(4)
  const line = (cells: string[]) => `  ${cells.join(' & ')} \\\\`
  return [
    `% ${latexText(methodKey)}, fold ${fold}, seed ${seed}`,
    `\\begin{tabular}{l${'r'.repeat(names.length)}}`,
    '  \\toprule',
    line(['task', ...names.map(latexText)]),
    '  \\midrule',
    ...tasks.map((task) => line([latexText(task), ...names.map((name) => number(metrics[name].perTask[task]))])),
    '  \\midrule',
    line(['mean', ...names.map((name) => number(metrics[name].value))]),
    '  \\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n')
}
