import { render } from 'preact';
import { App } from './ui/app';
import { admitTabs, start, watchAddress } from './ui/app_state';
import { watchTheme } from './ui/theme';
import './styles/base.css';
import './styles/frame.css';
import './styles/parts.css';
import './styles/overview.css';
import './styles/logs.css';

watchTheme();
watchAddress();
admitTabs();
void start();
render(<App />, document.getElementById('page')!);
