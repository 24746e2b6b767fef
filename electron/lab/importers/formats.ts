import type { Format } from './format.ts'
import { arff } from './arff.ts'
import { numpy } from './numpy.ts'
import { delimited } from './delimited.ts'
import { xlsx } from './xlsx.ts'

/** Every format that can be opened; the first that matches reads. Delimited text matches anything, so it is last. */
export const formats: Format[] = [arff, numpy, xlsx, delimited]
