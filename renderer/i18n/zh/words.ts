import type en from '../en/words.ts'

export default {} as const satisfies Record<keyof typeof en, string>
