import './zod.ts'
import './style/tokens.css'
import './style/base.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { connect } from './lab/connect.ts'
import { LabStore } from './lab/store.svelte.ts'
import { holdComposition } from './frame/composition.ts'

holdComposition(window)
const store = new LabStore(connect(window))
mount(App, { target: document.getElementById('app') as HTMLElement, props: { store } })
