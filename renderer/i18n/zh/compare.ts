import type en from '../en/compare.ts'

export default {} as const satisfies Record<keyof typeof en, string>
