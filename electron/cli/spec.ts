import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { Lab } from '../../core/contract.ts'
import { Roles } from '../../core/data/roles.ts'
import { UserError } from '../../core/errors.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { fileRefs } from './session.ts'

/**
 * From what a person wrote to what the lab runs: files named in a spec are looked for beside it, read into the
 * workspace, and replaced by what they hold.
 */
const TABLE = /\.(csv|tsv|txt|xlsx|arff|data|parquet|npz|npy)$/i

export async function readSpec(file: string): Promise<unknown> {
  const rule = 'needs a spec as a JSON file, or the name of a template.'
  if (TABLE.test(file)) {
    const remedy = `Write a spec that names it: {"data": {"file": "${basename(file)}", "roles": {"targets": ["..."]}}, "methods": [{"id": "ridge"}]}.`
    throw new UserError({ code: 'table-as-spec', who: 'engram run', rule, got: `the table ${file}`, remedy })
  }
  return readJson(file, 'engram run', rule)
}

export async function readJson(file: string, who: string, rule: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    const remedy = 'Check the name; `engram list templates` shows the built-in ones.'
    throw new UserError({ code: 'file-not-read', who, rule, got: `${file} (${reason})`, remedy })
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const got = `${file}: ${(error as Error).message}`
    throw new UserError({ code: 'bad-json', who, rule: 'reads JSON.', got, remedy: 'Correct the file at that place.' })
  }
}

/** Checks the form of a spec; the lab checks its meaning. */
export function parseSpec(json: unknown, who: string): ExperimentSpec {
  const parsed = ExperimentSpec.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const at = issue.path.join('.')
  throw new UserError({
    code: 'bad-spec',
    who,
    rule: `has a spec that follows the schema: ${issue.message}${at ? ` (at ${at})` : ''}.`,
    got: String(JSON.stringify(valueAt(json, issue.path))).slice(0, 200),
    remedy: 'Correct that field; docs/command-line.md shows a whole spec.',
  })
}

const valueAt = (json: unknown, path: PropertyKey[]) =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json)

/** Reads the files that the spec names (relative to `base`) into the workspace. */
export async function resolveSpec(lab: Lab, spec: ExperimentSpec, base: string): Promise<ExperimentSpec> {
  const { testFolds, classLists } = spec.evaluation
  const evaluation = {
    ...spec.evaluation,
    ...(typeof testFolds === 'string' ? { testFolds: await readFolds(resolve(base, testFolds)) } : {}),
    // Read by the lab.
    ...(typeof classLists === 'string' ? { classLists: resolve(base, classLists) } : {}),
  }
  const { file, sample } = spec.data
  if (file === undefined && sample === undefined) return { ...spec, evaluation }
  const dataset = file
    ? await lab.call('data.open', { files: fileRefs([file].flat(), base) })
    : await lab.call('data.openSample', { id: sample as string })
  const roles = spec.data.roles ?? dataset.roles ?? undefined
  if (!roles?.targets.length) {
    throw new UserError({
      code: 'no-targets',
      who: `The spec "${spec.name}"`,
      rule: 'says what to predict in data.roles.targets.',
      got: 'no target',
      remedy: `Name one or more of: ${dataset.summary.columns
        .map((c) => c.name)
        .slice(-8)
        .join(', ')}.`,
    })
  }
  return { ...spec, evaluation, data: { hash: dataset.hash, roles } }
}

const Folds = z.array(z.array(z.int().nonnegative()).min(1)).min(2)

async function readFolds(file: string): Promise<number[][]> {
  const json = await readJson(file, 'evaluation.testFolds', 'names a JSON file beside the spec.')
  const folds = Folds.safeParse((json as { testFolds?: unknown } | null)?.testFolds ?? json)
  if (folds.success) return folds.data
  throw new UserError({
    code: 'bad-folds',
    who: 'evaluation.testFolds',
    rule: 'holds one array of 0-based row numbers per fold, at least two folds.',
    got: `${file}: ${folds.error.issues[0].message} at ${folds.error.issues[0].path.join('.') || 'the top'}`,
    remedy: 'Write the file as [[0, 4, 7], [1, 2, 3], ...].',
  })
}

/** Roles from a JSON file; `who` asks for them. */
export async function readRoles(file: string, who: string): Promise<Roles> {
  const parsed = Roles.safeParse(await readJson(file, who, 'names a JSON file.'))
  if (parsed.success) return parsed.data
  const { message, path } = parsed.error.issues[0]
  throw new UserError({
    code: 'bad-roles',
    who,
    rule: `takes targets, features, task, group, split, weight, ignore: ${message} (at ${path.join('.') || 'the top'}).`,
    got: file,
    remedy: 'Write for instance {"targets": ["yield"], "task": "site"}.',
  })
}

export const folderOf = (file: string) => dirname(resolve(file))
