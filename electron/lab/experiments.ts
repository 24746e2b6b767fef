import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { z } from 'zod'
import type { Plan } from '../../core/contract.ts'
import { shortClasses } from '../../core/data/shortClasses.ts'
import { UserError } from '../../core/errors.ts'
import { expand } from '../../core/expand.ts'
import { ClassLists } from '../../core/experiment.ts'
import type { ExperimentSpec, Trial } from '../../core/experiment.ts'
import { methods } from '../../core/methods.ts'
import { propose } from '../../core/propose.ts'
import { unweighted } from '../../core/unweighted.ts'
import { findingsFor } from './checks.ts'
import type { Context, Handlers } from './context.ts'
import { datasetOf, fileOf, importFiles, importSample } from './data.ts'
import { summaryOf } from './queue/active.ts'
import { generatorHash } from './store.ts'
import type { ExperimentRow } from './workspace/records.ts'

type Calls =
  | 'methods.list'
  | 'experiment.plan'
  | 'experiment.run'
  | 'experiment.list'
  | 'experiment.get'
  | 'experiment.rename'
  | 'experiment.bin'
  | 'queue.pause'
  | 'queue.resume'
  | 'queue.stop'
  | 'run.events'

/** Crockford's letters: no l, o, i, u. */
const newId = () => Array.from(randomBytes(8), (byte) => '0123456789abcdefghjkmnpqrstvwxyz'[byte & 31]).join('')

export function needExperiment(c: Context, id: string): ExperimentRow {
  const row = c.workspace.records.experiment(id)
  if (row) return row
  throw new UserError({
    code: 'experiment.unknown',
    who: 'Experiment',
    rule: 'must be in this workspace.',
    got: `the unknown id "${id.slice(0, 100)}"`,
    remedy: 'Take an id from the list of experiments.',
  })
}

/** The spec with its data in the workspace and named by hash, and its folds as arrays. */
export async function resolve(c: Context, spec: ExperimentSpec): Promise<ExperimentSpec> {
  const { data, evaluation } = spec
  const named = (['hash', 'file', 'sample', 'generator'] as const).filter((key) => data[key] !== undefined)
  if (named.length !== 1)
    throw new UserError({
      code: 'spec.data',
      who: `Data of "${spec.name}"`,
      rule: 'must be exactly one of hash, file, sample and generator.',
      got: named.length ? named.join(' and ') : 'none of them',
      remedy: 'Name the data once.',
    })
  const { testFolds, classLists } = evaluation
  const folds = typeof testFolds === 'string' ? { testFolds: readListed(c, testFolds, FOLDS) } : {}
  const lists = typeof classLists === 'string' ? { classLists: readListed(c, classLists, CLASSES) } : {}
  const rest = { ...spec, evaluation: { ...evaluation, ...folds, ...lists } }
  if (data.generator !== undefined) return rest
  const hash = data.hash ?? (await importData(c, spec))
  const dataset = datasetOf(c, hash)
  const roles = data.roles ?? dataset.roles ?? propose(dataset.summary).roles
  return { ...rest, data: { hash, roles } }
}

async function importData(c: Context, { data }: ExperimentSpec): Promise<string> {
  if (data.sample !== undefined) return (await importSample(c, data.sample)).hash
  const files = [data.file ?? []].flat().map((path) => fileOf({ path }, c))
  refuseForeignFiles(c, files[0].path)
  return (await importFiles(c, files)).hash
}

/** A page may hand files over, but a spec from a page names no file of this machine. */
function refuseForeignFiles(c: Context, name: string): void {
  if (c.options.host !== 'browser') return
  throw new UserError({
    code: 'spec.file-from-page',
    who: 'Experiment',
    rule: 'A spec that runs from the browser names its data by hash.',
    got: `the file ${name}`,
    remedy: 'Open the file first, then use its data set.',
  })
}

type Listed<T> = { schema: z.ZodType<T>; code: string; who: string; rule: string }
const FOLDS: Listed<number[][]> = {
  schema: z.array(z.array(z.int().nonnegative())).min(1),
  code: 'spec.folds',
  who: 'evaluation.testFolds',
  rule: 'must be a JSON file with one array of row numbers (from 0) per fold.',
}
const CLASSES: Listed<ClassLists> = {
  schema: ClassLists,
  code: 'spec.class-lists',
  who: 'evaluation.classLists',
  rule: 'must be a JSON file of the lists train, validation and test, each of names of classes.',
}

function readListed<T>(c: Context, name: string, { schema, ...about }: Listed<T>): T {
  refuseForeignFiles(c, name)
  const fail = (got: string) => new UserError({ ...about, got, remedy: 'Correct the file or its name.' })
  let json: unknown
  try {
    json = JSON.parse(fs.readFileSync(name, 'utf8'))
  } catch (error) {
    throw fail(`${name}: ${(error as Error).message}`)
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) throw fail(`${name}: ${parsed.error.issues[0].message}`)
  return parsed.data
}

type Planned = Plan & { list: Trial[]; dataHash: string; dataName: string }

async function plan(c: Context, given: ExperimentSpec): Promise<Planned> {
  const spec = await resolve(c, given)
  const { set, summary } = c.store.load(spec.data)
  const short = shortClasses(set, spec.evaluation)
  const list = expand(spec, set)
  const runtime = await c.runtime()
  const { kind } = runtime
  await c.estimator.measure(runtime)
  const perMethod = new Map<string, { key: string; id: string; trials: number; seconds: number }>()
  let total = 0
  let longest = 0
  const relations = { fits: 0, seconds: 0 }
  for (const trial of list) {
    const seconds = c.estimator.seconds(trial, summary, kind)
    const line = perMethod.get(trial.methodKey) ?? { key: trial.methodKey, id: trial.method.id, trials: 0, seconds: 0 }
    perMethod.set(trial.methodKey, { ...line, trials: line.trials + 1, seconds: line.seconds + seconds })
    total += seconds
    longest = Math.max(longest, seconds)
    if (!trial.relations) continue
    relations.fits += trial.relations.to - trial.relations.from
    relations.seconds += seconds
  }
  const generator = spec.data.generator
  return {
    trials: list.length,
    seconds:
      Math.max(longest, total / c.pool.workers) +
      c.estimator.before(
        list.map((trial) => trial.method.id),
        c.pool.cold(),
      ),
    workers: c.pool.workers,
    spec,
    perMethod: [...perMethod.values()],
    ...(relations.fits ? { relations } : {}),
    warnings: [...short, ...unweighted(spec, list), ...(await findingsFor(c, spec.data, spec.evaluation))],
    list,
    dataHash: generator ? generatorHash(spec.data) : (spec.data.hash as string),
    dataName: generator ?? datasetOf(c, spec.data.hash as string).name,
  }
}

export function experimentCalls(c: Context): Handlers<Calls> {
  const { workspace, queue } = c
  const { records, writer } = workspace
  return {
    'methods.list': () => ({
      methods: methods.map(({ id, name, family, about, cite, can, params }) => ({
        id,
        name,
        family,
        about,
        cite,
        can,
        schema: z.toJSONSchema(params, { io: 'input' }),
      })),
    }),

    async 'experiment.plan'({ spec }) {
      const { list: _list, dataHash: _hash, dataName: _name, ...answer } = await plan(c, spec)
      return answer
    },

    async 'experiment.run'({ spec: given, confirmed }) {
      const { spec, list, dataHash, dataName, relations } = await plan(c, given)
      if (relations && confirmed !== relations.fits) throw unconfirmed(relations, confirmed)
      const id = newId()
      writer.now(() => {
        const createdAt = new Date().toISOString()
        records.addExperiment({ id, name: spec.name, createdAt, spec, dataHash, dataName }, list)
        workspace.leases.take(id)
      })
      queue.add(id)
      c.notify({ type: 'experiment', line: queue.line(needExperiment(c, id)) })
      return { id, trials: list.length }
    },

    'experiment.list': () => ({ experiments: records.experiments().map((row) => queue.line(row)) }),

    'experiment.get'({ id }) {
      const row = needExperiment(c, id)
      return { line: queue.line(row), spec: row.spec, runs: records.runs(id).map(summaryOf) }
    },

    async 'experiment.rename'({ id, name }) {
      needExperiment(c, id)
      await writer.add(() => records.rename(id, name))
      return told(c, id)
    },

    async 'experiment.bin'({ id, binned }) {
      needExperiment(c, id)
      await writer.add(() => records.bin(id, binned))
      return told(c, id)
    },

    async 'queue.pause'({ experiment }) {
      needExperiment(c, experiment)
      await queue.pause(experiment)
      return { ok: true }
    },
    async 'queue.resume'({ experiment }) {
      needExperiment(c, experiment)
      await queue.resume(experiment)
      return { ok: true }
    },
    async 'queue.stop'({ experiment }) {
      needExperiment(c, experiment)
      await queue.stop(experiment)
      return { ok: true }
    },

    'run.events'({ run: id, since }) {
      const run = needRun(c, id)
      const events = records.events(run, since, EVENTS + 1)
      return { events: events.slice(0, EVENTS), more: events.length > EVENTS }
    },
  }
}

/** Nobody starts thousands of fits by mistake. */
function unconfirmed({ fits, seconds }: { fits: number; seconds: number }, confirmed: number | undefined): UserError {
  return new UserError({
    code: 'relations.unconfirmed',
    who: 'Relations between tasks',
    rule: `take ${fits} fits here, about ${Math.ceil(seconds)} s of one worker: that must be confirmed.`,
    got: confirmed === undefined ? 'no confirmation' : `a confirmation of ${confirmed} fits`,
    remedy: `Run it again with "confirmed": ${fits} (on the command line: --yes), or with fewer tasks or folds.`,
  })
}

/** Events per answer: well below a megabyte. */
const EVENTS = 4_000

export function needRun(c: Context, id: string) {
  const run = c.workspace.records.run(id)
  if (run) return run
  throw new UserError({
    code: 'run.unknown',
    who: 'Run',
    rule: 'must be in this workspace.',
    got: `the unknown id "${id.slice(0, 100)}"`,
    remedy: 'Take an id from the runs of an experiment.',
  })
}

function told(c: Context, id: string): { ok: true } {
  c.notify({ type: 'experiment', line: c.queue.line(needExperiment(c, id)) })
  return { ok: true }
}
