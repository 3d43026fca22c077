export { Places, type Whereabouts } from './places.js';
export { PlacesModule } from './places.module.js';
