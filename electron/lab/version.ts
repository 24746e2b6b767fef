import about from '../../package.json' with { type: 'json' }

/** Of this Engram. */
export const VERSION: string = about.version
