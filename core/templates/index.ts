import { UserError } from '../errors.ts'
import { ExperimentSpec } from '../experiment.ts'
import { files } from './files.ts'
import { omniglotLists } from './omniglot.ts'
import type { Template } from './template.ts'

export type { Template } from './template.ts'

const LAST = (names: string, count: number) => Array.from({ length: count }, (_, i) => `${names}${i + 1}`)
/** Stacking comes with its twin, a forest per target of the same kind. */
const wideMethods = [
  { id: 'hard-sharing' },
  { id: 'multi-task-lasso' },
  { id: 'stacked-forest', params: { share: 0.33 } },
  { id: 'random-forest', params: { share: 0.33 } },
]
const mulanMethods = [...wideMethods, { id: 'forest-chain', params: { share: 0.33 } }]
/** Cheapest fares of six airlines, any flight or without a stop. */
const fares = (day: string) =>
  ['ALLminpA', 'ALLminp0', 'aDLminpA', 'aCOminpA', 'aFLminpA', 'aUAminpA'].map((name) => `LBL+${name}+${day}`)
/** School's inputs but two are 0/1: as classes they are not divided by their spread, as in the published figures. */
const schoolKinds = Object.fromEntries(
  LAST('x', 28)
    .filter((name) => name !== 'x4' && name !== 'x5')
    .map((name) => [name, 'category' as const]),
)
/** Meta-learners of three kinds: steps from a start, a solved head, a Bayesian head. Baselines come by themselves. */
const metaMethods = [{ id: 'maml' }, { id: 'ridge-head' }, { id: 'alpaca' }]
const CURVE = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50]
/** One score of new subjects from their first recordings: the other score is never told. */
const newSubjects = (target: string, other: string) => ({
  data: files.parkinsons,
  roles: { targets: [target], task: 'subject#', ignore: [other] },
  methods: metaMethods,
  evaluation: {
    protocol: 'few-shot' as const,
    shots: 10,
    queries: 50,
    shotCurve: CURVE,
    supportOrder: 'test_time',
    repeats: 4,
  },
  metrics: ['rmse'],
})
const tenFolds = { protocol: 'k-fold', folds: 10 } as const

/** Omniglot as the papers have it: five characters that were never seen, told apart from a few drawings of each. */
const omniglot = (shots: number): Omit<Template, 'id' | 'title' | 'question'> => ({
  data: files.omniglot,
  roles: { targets: ['character'], ignore: ['alphabet', 'evaluation'], kinds: { character: 'category' } },
  methods: [
    {
      id: 'maml-classes',
      params: { hidden: [256, 128, 64, 64], iterations: 60_000, metaBatch: 32, statistics: 'query' },
    },
    { id: 'prototypical', params: { network: 'conv', hidden: [64, 64, 64, 64] } },
  ],
  evaluation: {
    protocol: 'few-shot',
    ways: 5,
    shots,
    // As many as MAML's paper: batch norm over the query rows tells more the fewer they are.
    queries: shots,
    rotations: true,
    classLists: omniglotLists(),
  },
  metrics: ['accuracy'],
})

/** Experiments on published data sets, whose figures docs/reproductions.md holds. */
export const templates: Template[] = [
  {
    id: 'school',
    title: 'Exam scores of 139 schools',
    question: 'Is one line for all schools best, one per school, or a common line from which each school deviates?',
    data: files.school,
    roles: { targets: ['score'], task: 'school', kinds: schoolKinds },
    methods: [{ id: 'mean-regularised' }, { id: 'graph-regularised' }, { id: 'clustered' }],
    evaluation: { protocol: 'holdout', testFraction: 0.25, repeats: 20 },
    metrics: ['r2', 'rmse'],
  },
  {
    id: 'school-new',
    title: 'New schools from 1 to 50 pupils',
    question: 'How many pupils of a school that was never seen are needed, and is learning to learn worth it here?',
    data: files.school,
    roles: { targets: ['score'], task: 'school', kinds: schoolKinds },
    methods: metaMethods,
    evaluation: { protocol: 'few-shot', shots: 10, queries: 30, shotCurve: CURVE, repeats: 2 },
    metrics: ['rmse'],
  },
  {
    id: 'sarcos',
    title: 'Seven torques of a robot arm',
    question: 'Do seven joints that follow the same movements share a few directions?',
    data: files.sarcos,
    roles: { targets: LAST('tau', 7) },
    methods: [{ id: 'trace-norm' }, { id: 'multi-task-lasso' }],
    evaluation: { protocol: 'k-fold', folds: 5 },
    metrics: ['rrmse'],
  },
  {
    id: 'sarcos-fifty',
    title: 'Seven torques from 50 rows',
    question: 'With only 50 rows to learn from, is a common structure of seven joints better than each on its own?',
    data: files.sarcos,
    roles: { targets: LAST('tau', 7) },
    methods: [{ id: 'trace-norm' }, { id: 'robust' }],
    // 50 of 4,449 rows.
    evaluation: { protocol: 'holdout', testFraction: 0.98876, repeats: 20 },
    metrics: ['rrmse'],
    tune: { configurations: 12, innerFolds: 5 },
  },
  {
    id: 'landmine',
    title: 'Land mines in 29 fields',
    question: 'Does what was learned in other fields help to find the few mines of this one?',
    data: files.landmine,
    roles: { targets: ['mine'], task: 'task', kinds: { mine: 'category' } },
    methods: [{ id: 'hard-sharing' }],
    evaluation: { protocol: 'k-fold', folds: 5 },
    metrics: ['auc'],
  },
  {
    id: 'landmine-few',
    title: 'Land mines from 160 rows per field',
    question: 'With about 160 rows of each field, do fields that share find more mines than each on its own?',
    data: files.landmine,
    roles: { targets: ['mine'], task: 'task', kinds: { mine: 'category' } },
    methods: [{ id: 'mean-regularised-logistic' }],
    // 29 times 160 of 14,820 rows.
    evaluation: { protocol: 'holdout', testFraction: 0.6869, repeats: 20 },
    metrics: ['auc'],
    tune: { configurations: 10, innerFolds: 3 },
  },
  {
    id: 'sleepstudy',
    title: 'Reaction times of 18 sleepy people',
    question: 'How much does each person slow down per day without sleep, if all of them are learned together?',
    data: files.sleepstudy,
    roles: { targets: ['Reaction'], features: ['Days'], task: 'Subject', ignore: ['rownames'] },
    methods: [{ id: 'hierarchical-linear' }],
    evaluation: { protocol: 'k-fold', folds: 10 },
    metrics: ['rmse'],
  },
  {
    id: 'parkinsons',
    title: "Parkinson's from the voice",
    question: 'Can two scores of a patient be told from the voice alone, of patients never heard?',
    data: files.parkinsons,
    roles: { targets: ['motor_UPDRS', 'total_UPDRS'], group: 'subject#' },
    methods: [{ id: 'ridge' }, { id: 'knn' }, { id: 'hard-sharing' }],
    evaluation: { protocol: 'k-fold', folds: 5 },
    metrics: ['rrmse'],
  },
  {
    id: 'omniglot-1',
    title: 'Characters from one drawing',
    question: 'Five characters never seen before: which is which, after one drawing of each?',
    ...omniglot(1),
  },
  {
    id: 'omniglot-5',
    title: 'Characters from five drawings',
    question: 'Five characters never seen before: which is which, after five drawings of each?',
    ...omniglot(5),
  },
  {
    id: 'parkinsons-new-motor',
    title: "New Parkinson's patients: motor score",
    question: 'From how many first recordings of a new patient is the motor score of the later ones told?',
    ...newSubjects('motor_UPDRS', 'total_UPDRS'),
  },
  {
    id: 'parkinsons-new-total',
    title: "New Parkinson's patients: total score",
    question: 'From how many first recordings of a new patient is the total score of the later ones told?',
    ...newSubjects('total_UPDRS', 'motor_UPDRS'),
  },
  {
    id: 'linnerud',
    title: 'Twenty men in a gym',
    question: 'What do chin-ups, sit-ups and jumps say about weight, waist and pulse?',
    data: files.linnerud,
    roles: { targets: ['Weight', 'Waist', 'Pulse'] },
    methods: [{ id: 'multi-task-lasso' }, { id: 'pls' }],
    evaluation: { protocol: 'k-fold', folds: 5, repeats: 4 },
  },
  {
    id: 'enb',
    title: 'Heating and cooling of buildings',
    question: 'Do two loads of one building help each other?',
    data: files.enb,
    roles: { targets: ['Y1', 'Y2'] },
    methods: mulanMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'slump',
    title: 'Three measures of concrete',
    question: 'Do slump, flow and strength of one mix help each other?',
    data: files.slump,
    roles: { targets: ['SLUMP_cm', 'FLOW_cm', 'Compressive_Strength_Mpa'] },
    methods: mulanMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'edm',
    title: 'Two controls of a spark eroder',
    question: 'Two actions of one operator: learned together or apart?',
    data: files.edm,
    roles: { targets: ['DFlow', 'DGap'] },
    methods: mulanMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'andro',
    title: 'Six measures of sea water',
    question: 'Six properties of the water, five days ahead, from 49 days: together or apart?',
    data: files.andro,
    roles: { targets: ['Target', ...LAST('Target_', 6).slice(1)] },
    methods: mulanMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'wq',
    title: 'Fourteen species of a river',
    question: 'Which species tell about one another, and which are better learned alone?',
    data: files.wq,
    roles: {
      targets: '25400 29600 30400 33400 17300 19400 34500 38100 49700 50390 55800 57500 59300 37880'.split(' '),
    },
    methods: wideMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'sf1',
    title: 'Solar flares of three sizes',
    question:
      'Common, moderate and severe flares of one region in a day: does counting one kind help to count the others?',
    data: files.sf1,
    roles: { targets: ['c-class', 'm-class', 'x-class'] },
    methods: mulanMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'atp1d',
    title: 'Air fares of the next day',
    question: 'Six lowest prices of one route on the next day: do they help each other?',
    data: files.atp1d,
    roles: { targets: fares('fut_001') },
    methods: wideMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'atp7d',
    title: 'Air fares of the next week',
    question: 'Six lowest prices of one route over the next seven days: do they help each other?',
    data: files.atp7d,
    roles: { targets: fares('bt7d_000') },
    methods: wideMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
  {
    id: 'oes97',
    title: 'Sixteen occupations of a city',
    question: 'How many people work in sixteen occupations, told from 263 others: together or apart?',
    data: files.oes97,
    roles: {
      targets: [
        '58028_Shipping__Receiving__and_Traffic_Clerks',
        '15014_Industrial_Production_Managers',
        '32511_Physician_Assistants',
        '15017_Construction_Managers',
        '98502_Machine_Feeders_and_Offbearers',
        '92965_Crushing__Grinding__Mixing__and_Blending_Machine_Operators_and_Tenders',
        '32314_Speech-Language_Pathologists_and_Audiologists',
        '13008_Purchasing_Managers',
        '21114_Accountants_and_Auditors',
        '85110_Machinery_Maintenance_Mechanics',
        '27311_Recreation_Workers',
        '98902_Hand_Packers_and_Packagers',
        '65032_Cooks__Fast_Food',
        '92998_All_Other_Machine_Operators_and_Tenders',
        '27108_Psychologists',
        '53905_Teacher_Aides_and_Educational_Assistants__Clerical',
      ],
    },
    methods: wideMethods,
    evaluation: tenFolds,
    metrics: ['arrmse'],
  },
]

/** The templates on this data set, the first of which says its roles. */
export const templatesOn = (hash: string): Template[] => templates.filter(({ data }) => data.hash === hash)

/** The spec of a template, on its data set. Throws an internal error for a template that no spec can be made of. */
export function specOf({ title, data, roles, methods, evaluation, metrics, tune }: Template): ExperimentSpec {
  return ExperimentSpec.parse({ name: title, data: { hash: data.hash, roles }, methods, evaluation, metrics, tune })
}

export function needsData({ id, data }: Template): UserError {
  return new UserError({
    code: 'template.needs-data',
    who: `The template "${id}"`,
    rule: `needs ${data.file} (${data.rows} rows; ${data.source}).`,
    got: 'a workspace without it',
    remedy: `Drop ${data.file} on the window, or: engram import ${data.file} -w W.engram. Its content is checked.`,
  })
}
