import { render } from 'preact';

render(<main>p2p</main>, document.getElementById('page')!);
