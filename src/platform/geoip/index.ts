export { GeoIp, type Location } from './geoip.js';
export { GeoIpModule } from './geoip.module.js';
