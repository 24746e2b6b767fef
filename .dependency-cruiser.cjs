// The house rules of docs/decisions: who may import whom.
const only = (name, from, to, comment) => ({ name, severity: 'error', comment, from: { path: from }, to: { path: to } })
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'No import cycles.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('core-is-pure', '^core/', '^(electron|renderer|test)/', 'core imports nothing of the others.'),
    {
      name: 'core-no-node',
      severity: 'error',
      comment: 'core knows no operating system.',
      from: { path: '^core/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-named-packages',
      severity: 'error',
      comment: 'core uses zod and named numeric packages only.',
      from: { path: '^core/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional'],
        pathNot: 'node_modules/(zod|pbf|ml-matrix|ml-hclust|pure-rand|@noble/hashes|@stdlib|d3-)',
      },
    },
    only('renderer-not-electron', '^renderer/', '^electron/', 'renderer and electron never import each other.'),
    only('electron-not-renderer', '^electron/', '^renderer/', 'renderer and electron never import each other.'),
    only(
      'engine-is-lowest',
      '^core/engine/',
      '^core/(nn|data|multitask|metalearning|classical|cognition|brain|stats)/',
      'engine knows no method.',
    ),
    only(
      'balancers-are-pure',
      '^core/balancers/',
      '^core/(nn|data|multitask|metalearning|classical|cognition|brain|stats)/',
      'balancers know losses and gradients, no network.',
    ),
    only(
      'nn-over-engine',
      '^core/nn/',
      '^core/(multitask|metalearning|classical|cognition|brain|stats)/',
      'nn knows no method.',
    ),
    only(
      'data-knows-no-method',
      '^core/(data|stats)/',
      '^core/(nn|engine|multitask|metalearning|classical|cognition|brain)/',
      'data and stats know no methods.',
    ),
    only(
      'methods-below-run',
      '^core/(multitask|metalearning|classical|cognition)/',
      '^core/(run|methods|brain)',
      'run.ts is above the methods.',
    ),
    {
      name: 'chart-js-in-charts',
      severity: 'error',
      comment: 'renderer/charts is the sole importer of chart.js.',
      from: { path: '^renderer/', pathNot: '^renderer/charts/' },
      to: { path: 'node_modules/chart' },
    },
    {
      name: 'electron-at-the-edge',
      severity: 'error',
      comment: 'The lab knows no Electron.',
      from: { path: '^electron/(lab/|web|cli)' },
      to: { path: 'node_modules/electron/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.svelte'] },
  },
}
