import type en from '../en/experiment.ts'

export default {} as const satisfies Record<keyof typeof en, string>
