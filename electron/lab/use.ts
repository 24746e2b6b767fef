import { compare, type CompareTask } from '../../core/stats/compare.ts'
import type { Comparison } from '../../core/stats/comparison.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { propose, proposeMethods } from '../../core/propose.ts'
import { UserError } from '../../core/errors.ts'
import { cannot } from '../../core/expand.ts'
import { methods } from '../../core/methods.ts'
import { readPredictions } from '../../core/predictions.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import type { Context, Handlers } from './context.ts'
import { datasetOf, fileOf } from './data.ts'
import { exportRun } from './exports.ts'
import { needExperiment } from './experiments.ts'
import { openFiles } from './importers/open.ts'
import { trainedModel } from './models.ts'
import { answers, newRows, toCsv } from './newRows.ts'
import { sha256 } from './workspace/blobs.ts'

type Calls = 'experiment.propose' | 'experiment.compare' | 'run.predict' | 'run.export' | 'blob'

/** Bytes per answer: half a megabyte, so that the text of it stays below one. */
const PIECE = 512 * 1024
/** Rows of predictions that are shown at once. */
const SHOWN = 20

export function useCalls(c: Context): Handlers<Calls> {
  const { workspace } = c
  const { records, blobs, writer } = workspace

  /** Keeps bytes in the workspace and answers their hash. */
  async function keep(bytes: Uint8Array): Promise<string> {
    const hash = sha256(bytes)
    await writer.add(() => blobs.put(hash, bytes))
    return hash
  }

  return {
    'experiment.propose'({ hash, roles }) {
      const dataset = datasetOf(c, hash)
      const { evaluation, metrics, data } = propose(dataset.summary, roles)
      const { summary } = c.store.load(data)
      const fitting = methods.filter((m) => !cannot(m, summary, evaluation)).map((m) => m.id)
      const name = dataset.name.slice(0, 200)
      return {
        spec: ExperimentSpec.parse({ name, data, methods: proposeMethods(summary, fitting), evaluation, metrics }),
      }
    },

    'experiment.compare': ({ ids, metric, baseline }) => compareExperiments(c, ids, metric, baseline),

    async 'run.predict'({ run: id, files, read }) {
      const { experiment, about, model } = await trainedModel(c, id)
      const opened = files.map((file) => fileOf(file, c))
      const { table } = await openFiles(opened, read ?? {})
      if (!table.rows)
        throw new UserError({
          code: 'predict.no-rows',
          who: opened[0].name,
          rule: 'must have at least one row.',
          got: 'none',
          remedy: 'Choose a file with rows to predict.',
        })
      const taskColumn = experiment.spec.data.roles?.task ?? null
      const set = newRows(table, about, taskColumn, opened[0].name)
      const { columns, rows, warnings } = await answers(model, set, about, taskColumn)
      const csv = await keep(Buffer.from(toCsv(columns, rows)))
      return { rows: table.rows, columns, preview: rows.slice(0, SHOWN), csv, warnings }
    },

    async 'run.export'({ run: id, format }) {
      const { name, mime, bytes } = await exportRun(c, id, format)
      return { name, mime, blob: await keep(bytes) }
    },

    blob({ hash, offset }) {
      const bytes = blobs.need(hash)
      return { bytes: Buffer.from(bytes.subarray(offset, offset + PIECE)).toString('base64'), size: bytes.length }
    },
  }

  function compareExperiments(c: Context, ids: string[], metric?: string, baseline?: string): Comparison {
    const rows = [...new Set(ids)].map((id) => needExperiment(c, id))
    const experiments = rows.map(({ id, name, dataHash, spec }) => ({
      id,
      name,
      dataHash,
      spec,
      runs: records.runs(id),
    }))
    const { set } = c.store.load(rows[0].spec.data)
    const open = rows.filter((row) => !['done', 'stopped', 'failed'].includes(row.status))
    if (open.length && !workspace.readOnly) void writer.add(() => open.forEach((row) => records.look(row.id)))
    const hashes = new Map(experiments.flatMap(({ runs }) => runs.map((run) => [run.id, run.blobs.predictions])))
    return compare({
      experiments,
      tasks: set.generator ? [] : measuredTasks(set),
      predictions: (run) => {
        const hash = hashes.get(run.id)
        const bytes = hash ? blobs.get(hash) : null
        return bytes && readPredictions(bytes)
      },
      blocks: set.blocks,
      metric,
      baseline,
      looks: Math.max(...rows.map((row) => row.looks)) + (open.length ? 1 : 0),
      names: Object.fromEntries(methods.map((m) => [m.id, m.name])),
    })
  }
}

/** The tasks with how many cells of each were measured. */
function measuredTasks(set: TaskSet): CompareTask[] {
  const rows = new Int32Array(set.tasks.length)
  for (let target = 0; target < set.targets.length; target++)
    for (let row = 0; row < set.table.rows; row++) {
      const task = set.taskOf(row, target)
      if (task >= 0 && set.observed[target * set.table.rows + row]) rows[task]++
    }
  return set.tasks.map(({ id, kind }, k) => ({ id, kind, rows: rows[k] }))
}
