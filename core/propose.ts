import type { DatasetSummary, ColumnSummary } from './data/summary.ts'
import { KEY_NAME, SITE_NAME, SUBJECT_NAME } from './data/columnNames.ts'
import { Roles } from './data/roles.ts'
import type { TaskKind } from './data/taskSet.ts'
import type { TaskSetSummary } from './method.ts'
import { Evaluation, type DataRef, type MethodChoice } from './experiment.ts'
import { classCandidates, classEvaluation, classRoles, hasImages } from './proposeClasses.ts'
import { metricsFor } from './stats/metrics.ts'

/**
 * A first guess at the whole experiment, from the summary of a table alone: what to predict, which column names the
 * task, which rows belong together, how to evaluate. A person edits it; nothing of it is ever applied unseen. What is
 * proposed can always be run.
 */
export type Reason = { code: string; params: Record<string, string | number>; text: string }
export type Candidate = { column: string; reasons: Reason[]; examples: string[]; score: number }

export type Proposal = {
  /** At most three columns that somebody may want to predict, the likeliest first. */
  targets: Candidate[]
  /** At most three columns that may name the task of a row. */
  tasks: Candidate[]
  /** At most three columns whose rows belong together (subjects, patients) and must not be split. */
  groups: Candidate[]
  roles: Roles
  data: DataRef
  evaluation: Evaluation
  metrics: string[]
  /** False where no column can be predicted from another: the window then asks instead of proposing. */
  runnable: boolean
}

/** Lines that differ a little from task to task: where rows belong to tasks, closed forms that often do best with few. */
const LINES = ['mean-regularised', 'mean-regularised-logistic', 'hierarchical-linear']
const TARGET_NAME =
  /^(y\d*|target.*|label|class|outcome|response|score|price|cost|yield|result|output|grade|quality|.*_(target|label)|目标.*|标签|结果|得分|成绩|价格|产量|类别|强度|输出.*|因变量)$/i
const TOTAL_NAME = /(total|score|yield|strength|updrs|总分|总|强度|产量)/i
/** Known beforehand in most tables, so seldom what somebody wants to predict. */
const GIVEN_NAME = /^(year|date|time|day|month|week|hour|age|sex|gender|fold|年|月|日期|时间|年龄|性别)/i
export function propose(summary: DatasetSummary, chosen?: Roles): Proposal {
  const { columns, rows } = summary
  if (hasImages(summary)) return proposeClasses(summary, chosen)
  const ids = columns.filter((column) => isKey(column, rows)).map((column) => column.name)
  const tasks = best(columns.map((column) => taskCandidate(column, rows)))
  const groups = best(columns.map((column) => groupCandidate(column, rows)))
  const taken = new Set([
    ...ids,
    ...groups.map((c) => c.column),
    ...tasks.filter((c) => c.score >= 2).map((c) => c.column),
  ])
  const targets = targetCandidates(summary, taken)
  const roles = chosen ?? defaultRoles(summary, targets, tasks, groups, ids)
  const kinds = kindsOf(summary, roles)
  return {
    targets,
    tasks,
    groups,
    roles,
    data: { hash: summary.hash, roles },
    evaluation: evaluationFor(summary, roles),
    metrics: kinds.length ? metricsFor(kinds) : [],
    runnable: rows >= 2 && roles.targets.length > 0 && hasFeature(summary, roles),
  }
}

function proposeClasses(summary: DatasetSummary, chosen?: Roles): Proposal {
  const targets = classCandidates(summary)
  const roles = chosen ?? classRoles(summary, targets.at(0)?.column)
  const kinds = kindsOf(summary, roles)
  const tellsApart = roles.targets.length === 1 && roles.task === null && !kinds.includes('regression')
  return {
    targets,
    tasks: [],
    groups: [],
    roles,
    data: { hash: summary.hash, roles },
    evaluation: tellsApart ? classEvaluation(summary, roles.targets[0]) : evaluationFor(summary, roles),
    metrics: kinds.length ? metricsFor(kinds) : [],
    runnable: tellsApart || (roles.targets.length > 0 && hasFeature(summary, roles)),
  }
}

/**
 * Which methods to run: one that shares between tasks where there are several, the plain ones beside it. `fitting` are
 * the ids of the methods that can do this task set. Twins are added when the experiment is expanded.
 */
export function proposeMethods(
  summary: TaskSetSummary,
  fitting: string[],
  { protocol }: Pick<Evaluation, 'protocol'>,
): MethodChoice[] {
  const several = summary.tasks > 1
  const classes = summary.taskColumn && !summary.kinds.includes('regression')
  const wanted =
    protocol === 'few-shot' && classes && fitting.includes('prototypical')
      ? ['prototypical', 'maml-classes', 'class-means']
      : protocol === 'few-shot'
        ? ['maml', 'pretrain-finetune', 'from-scratch']
        : several
          ? ['ridge', 'logistic', 'single-task-mlp', 'hard-sharing', ...(summary.taskColumn ? LINES : [])]
          : ['ridge', 'logistic', 'knn', 'single-task-mlp']
  const ids = wanted.filter((id) => fitting.includes(id))
  return (ids.length ? ids : fitting.slice(0, 3)).map((id) => ({ id, params: {} }))
}

function targetCandidates(summary: DatasetSummary, taken: Set<string>): Candidate[] {
  const { columns, rows } = summary
  const named = new Set(summary.suggestedTargets ?? [])
  const free = (column: ColumnSummary) =>
    canBeTarget(column, rows) && !taken.has(column.name) && !GIVEN_NAME.test(column.name)
  const last = columns.findLastIndex(free)
  const first = columns.findIndex(free)
  return best(
    columns.map((column, i) => {
      if (!canBeTarget(column, rows) || (taken.has(column.name) && !named.has(column.name))) return null
      const reasons: Reason[] = []
      let score = 0
      const add = (points: number, reason: Reason) => {
        score += points
        reasons.push(reason)
      }
      const { name } = column
      if (named.has(name)) add(10, { code: 'named-in-file', params: {}, text: 'The file names it as a target.' })
      if (TARGET_NAME.test(name))
        add(3, { code: 'target-name', params: { name }, text: `"${name}" is a usual name for a result.` })
      else if (TOTAL_NAME.test(name))
        add(2.5, { code: 'total-name', params: { name }, text: `"${name}" sounds like a result.` })
      if (i === last) add(2, { code: 'last', params: {}, text: 'It is the last column, where results usually stand.' })
      else if (i === first) add(0.5, { code: 'first', params: {}, text: 'It is the first column.' })
      if (column.missing > 0)
        add(0.5, {
          code: 'partly-measured',
          params: { missing: column.missing },
          text: `${column.missing} rows lack it and could be predicted.`,
        })
      if (column.kind === 'number' && column.distinct > 10)
        add(0.5, { code: 'measured', params: { distinct: column.distinct }, text: 'It is a measured number.' })
      return { column: name, reasons, examples: column.examples.slice(0, 3), score }
    }),
  )
}

/** A target varies, and a class is not a name: at most 50 of them, each about ten times on average. */
function canBeTarget(column: ColumnSummary, rows: number): boolean {
  if (column.distinct < 2 || isKey(column, rows)) return false
  if (column.kind === 'number') return true
  return column.kind === 'category' && column.distinct <= Math.min(50, Math.max(2, (rows - column.missing) / 5))
}

/** A key names its row: a different whole number or word in every row, under a name such as id. */
function isKey(column: ColumnSummary, rows: number): boolean {
  const every = column.missing === 0 && rows > 2 && (column.distinct === rows || !column.distinctExact)
  if (!every) return false
  if (column.kind === 'number') return column.numbers?.integers === true && KEY_NAME.test(column.name)
  return column.kind === 'text' || KEY_NAME.test(column.name)
}

function rowsPerLevel(column: ColumnSummary, rows: number): number {
  return column.distinct ? (rows - column.missing) / column.distinct : 0
}

function taskCandidate(column: ColumnSummary, rows: number): Candidate | null {
  const each = rowsPerLevel(column, rows)
  const hinted = SITE_NAME.test(column.name)
  const subject = SUBJECT_NAME.test(column.name)
  const whole = column.kind === 'category' || (column.kind === 'number' && column.numbers?.integers === true)
  if (!whole || !column.distinctExact || column.distinct < 2 || each < 5) return null
  // A number needs a telling name; so does a yes or no.
  if (!hinted && !subject && (column.kind === 'number' || column.distinct < 3)) return null
  const params = { tasks: column.distinct, rows: Math.round(each) }
  return {
    column: column.name,
    reasons: [
      ...(hinted || subject
        ? [
            {
              code: 'task-name',
              params: { name: column.name },
              text: `"${column.name}" names a place, a thing or a person.`,
            },
          ]
        : []),
      {
        code: 'rows-share',
        params,
        text: `${params.tasks} different values with about ${params.rows} rows each.`,
      },
    ],
    examples: column.examples.slice(0, 3),
    score: (hinted ? 2 : subject ? 1.5 : 0) + (column.kind === 'category' ? 0.5 : 0),
  }
}

function groupCandidate(column: ColumnSummary, rows: number): Candidate | null {
  const each = rowsPerLevel(column, rows)
  const whole = column.kind !== 'number' || column.numbers?.integers === true
  if (!SUBJECT_NAME.test(column.name) || !whole || column.distinct < 2 || each <= 1) return null
  const params = { groups: column.distinct, rows: Math.round(each) }
  return {
    column: column.name,
    reasons: [
      {
        code: 'same-subject',
        params,
        text: `${params.groups} different with about ${params.rows} rows each; their rows belong together.`,
      },
    ],
    examples: column.examples.slice(0, 3),
    score: 2,
  }
}

function best(candidates: (Candidate | null)[]): Candidate[] {
  return candidates
    .filter((candidate) => candidate !== null)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
}

function defaultRoles(
  summary: DatasetSummary,
  targets: Candidate[],
  tasks: Candidate[],
  groups: Candidate[],
  ids: string[],
): Roles {
  const chosen = targets.length ? siblings(summary, targets[0].column) : []
  const group = groups.find(
    (candidate) => !chosen.includes(candidate.column) && groupsOf(summary, candidate.column) >= 2,
  )
  const task = tasks.find(
    (candidate) => candidate.score >= 2 && !chosen.includes(candidate.column) && candidate.column !== group?.column,
  )
  const kinds = Object.fromEntries(
    summary.columns
      .filter((c) => chosen.includes(c.name) && c.kind === 'number' && c.distinct === 2 && c.numbers?.integers)
      .map((c) => [c.name, 'category' as const]),
  )
  const roles = Roles.parse({
    targets: chosen,
    task: task?.column ?? null,
    group: group?.column ?? null,
    ignore: ids.filter((id) => !chosen.includes(id)),
    ...(Object.keys(kinds).length ? { kinds } : {}),
  })
  // Where nothing would be left to predict from, roles are given up one by one.
  if (hasFeature(summary, roles)) return roles
  if (roles.targets.length > 1) roles.targets = [roles.targets[0]]
  if (!hasFeature(summary, roles)) roles.task = null
  if (!hasFeature(summary, roles)) roles.group = null
  return roles
}

/** The targets that the file names, or the last columns called alike: Y1, Y2; Target_1 ... Target_6; tau1 ... tau7. */
function siblings(summary: DatasetSummary, target: string): string[] {
  const named = (summary.suggestedTargets ?? []).filter((name) =>
    summary.columns.some((column) => column.name === name && column.distinct >= 2),
  )
  if (named.length) return named
  const stem = /^(.*\D)\d+$/.exec(target)?.[1]
  if (!stem) return [target]
  const alike = (column: ColumnSummary) =>
    (column.name === stem.replace(/[\s_.-]+$/, '') || column.name.startsWith(stem)) &&
    /^\d*$/.test(column.name.slice(stem.length)) &&
    canBeTarget(column, summary.rows)
  const { columns } = summary
  const from = columns.findLastIndex((column) => !alike(column)) + 1
  const run = columns.slice(from).map((column) => column.name)
  return run.includes(target) && from > 0 ? run : [target]
}

function groupsOf(summary: DatasetSummary, name: string | null): number {
  const column = summary.columns.find((each) => each.name === name)
  return column ? column.distinct + column.missing : 0
}

function hasFeature(summary: DatasetSummary, roles: Roles): boolean {
  if (roles.features) return roles.features.length > 0
  const other = new Set([...roles.targets, roles.task, roles.group, roles.split, roles.weight, ...roles.ignore])
  return summary.columns.some(
    (column) =>
      !other.has(column.name) &&
      column.missing < summary.rows &&
      (column.kind === 'number' || (column.kind === 'category' && column.distinct <= 1000)),
  )
}

function kindsOf(summary: DatasetSummary, roles: Roles): TaskKind[] {
  const kinds = summary.columns
    .filter((column) => roles.targets.includes(column.name))
    .map((column): TaskKind => {
      const kind = roles.kinds?.[column.name] ?? column.kind
      return kind === 'number' ? 'regression' : column.distinct === 2 ? 'binary' : 'multiclass'
    })
  return [...new Set(kinds)]
}

/** Five folds, twice for small tables; one holdout where a table is large enough to need no more. */
function evaluationFor(summary: DatasetSummary, roles: Roles): Evaluation {
  const units = roles.group ? groupsOf(summary, roles.group) : summary.rows
  if (roles.split) return Evaluation.parse({})
  if (summary.rows > 20_000 && units >= 20) return Evaluation.parse({ protocol: 'holdout', testFraction: 0.2 })
  return Evaluation.parse({ folds: Math.max(2, Math.min(5, units)), repeats: summary.rows < 100 ? 2 : 1 })
}
