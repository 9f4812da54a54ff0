use tokio::time::Instant;

use super::memo::Listeners;
use super::problem::Problem;
use crate::event::Event;

/// An image in the making, told to those who wait for it.
pub struct Making<'a> {
    image: String,
    listeners: &'a Listeners,
    began: Instant,
}

impl<'a> Making<'a> {
    /// Tells that it begins.
    pub fn begin(image: &str, listeners: &'a Listeners) -> Self {
        listeners.emit(&Event::ImageStarted {
            image: image.to_owned(),
        });
        Self {
            image: image.to_owned(),
            listeners,
            began: Instant::now(),
        }
    }

    /// Tells that the image is there.
    pub fn end(self) {
        self.listeners.emit(&Event::ImageFinished {
            image: self.image,
            seconds: self.began.elapsed().as_secs_f64(),
        });
    }
}

/// Tells that an image could not be made, and will not be.
pub fn given_up(image: &str, problem: &Problem, listeners: &Listeners) {
    let (step, message, tail) = problem.parts();
    listeners.emit(&Event::ImageFailed {
        image: image.to_owned(),
        step,
        message,
        tail,
    });
}
