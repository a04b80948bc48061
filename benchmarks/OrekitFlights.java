import org.hipparchus.geometry.euclidean.threed.Vector3D;
import org.hipparchus.ode.nonstiff.DormandPrince853Integrator;
import org.orekit.bodies.OneAxisEllipsoid;
import org.orekit.forces.gravity.J2OnlyPerturbation;
import org.orekit.forces.gravity.NewtonianAttraction;
import org.orekit.frames.Frame;
import org.orekit.frames.FramesFactory;
import org.orekit.orbits.CartesianOrbit;
import org.orekit.orbits.OrbitType;
import org.orekit.propagation.SpacecraftState;
import org.orekit.propagation.events.AltitudeDetector;
import org.orekit.propagation.events.handlers.StopOnDecreasing;
import org.orekit.propagation.numerical.NumericalPropagator;
import org.orekit.time.AbsoluteDate;
import org.orekit.utils.PVCoordinates;

/** Free flights to the ground under J2, one after the other: the whole loop in Java. */
public final class OrekitFlights {
    private OrekitFlights() {}

    /** Rows of inertial position, velocity; returns the same on the ground, and the time. */
    public static double[][] fly(
            double[][] starts, double tolerance, double gm, double radius, double flattening, double j2) {
        final Frame frame = FramesFactory.getGCRF();
        final OneAxisEllipsoid earth = new OneAxisEllipsoid(radius, flattening, frame);
        final double speed = 1e-3 * tolerance;
        final double[] allowed = {tolerance, tolerance, tolerance, speed, speed, speed, tolerance};
        final NumericalPropagator propagator =
                new NumericalPropagator(
                        new DormandPrince853Integrator(1e-3, 1000.0, allowed, new double[7]));
        propagator.setOrbitType(OrbitType.CARTESIAN);
        propagator.addForceModel(new NewtonianAttraction(gm));
        propagator.addForceModel(new J2OnlyPerturbation(gm, radius, j2, frame));
        propagator.addEventDetector(
                new AltitudeDetector(60.0, 1e-6, 0.0, earth).withHandler(new StopOnDecreasing()));
        final AbsoluteDate date = AbsoluteDate.J2000_EPOCH;
        final double[][] flown = new double[starts.length][];
        for (int i = 0; i < starts.length; ++i) {
            final double[] s = starts[i];
            final PVCoordinates start =
                    new PVCoordinates(new Vector3D(s[0], s[1], s[2]), new Vector3D(s[3], s[4], s[5]));
            propagator.resetInitialState(
                    new SpacecraftState(new CartesianOrbit(start, frame, date, gm)));
            final SpacecraftState end = propagator.propagate(date, date.shiftedBy(1e5));
            final Vector3D p = end.getPosition(), v = end.getPVCoordinates().getVelocity();
            flown[i] =
                    new double[] {
                        p.getX(), p.getY(), p.getZ(), v.getX(), v.getY(), v.getZ(),
                        end.getDate().durationFrom(date)
                    };
        }
        return flown;
    }
}
