import type en from '../en/data.ts'

export default {} as const satisfies Record<keyof typeof en, string>
