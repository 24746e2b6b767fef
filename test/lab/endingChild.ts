import { endCleanly } from '../../electron/ending.ts'
import { createLab } from '../../electron/lab/service.ts'
import { ExperimentSpec } from '../../core/experiment.ts'

/** A lab that trains natively with two workers, and is stopped, closed, or thrown out of its course after `delay` ms. */
const [workspacePath, how, delay] = process.argv.slice(2)
let begun = false
const lab = await createLab({
  workspacePath,
  host: 'desktop',
  runtime: 'native',
  workers: 2,
  // Training goes on when its first figures are told: the moment is counted from there.
  onNotice: (notice) => notice.type === 'events' && begin(),
})
endCleanly(() => lab.close())
const spec = {
  name: 'ending',
  data: { generator: 'sine' },
  methods: [{ id: 'maml', params: { iterations: 20_000 } }],
  evaluation: { protocol: 'few-shot', shots: 10, episodes: 10, seed: 1, repeats: 2 },
  metrics: ['rmse'],
}
const { id } = await lab.call('experiment.run', { spec: ExperimentSpec.parse(spec) })
function begin() {
  if (begun) return
  begun = true
  setTimeout(end, Number(delay))
}

function end() {
  if (how === 'throw') throw new Error('thrown in the middle')
  console.log('in the middle')
  const first = how === 'stop' ? lab.call('queue.stop', { experiment: id }) : Promise.resolve()
  void first.then(() => lab.close()).then(() => process.exit(0))
}
