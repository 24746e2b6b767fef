import type en from '../en/brain.ts'

export default {} as const satisfies Record<keyof typeof en, string>
